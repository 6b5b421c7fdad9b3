// Prints labels: listens to a stream of jobs, does the work, reports. Needs nothing but Node 18.
const server = process.env.FERMATA_SERVER ?? 'http://127.0.0.1:8080';
const headers = { 'Content-Type': 'application/json' };
if (process.env.FERMATA_API_KEY) headers.Authorization = `Bearer ${process.env.FERMATA_API_KEY}`;

// The work. A job can come twice, with the same idempotency key.
function print({ address, copies }, key) {
  if (address.trim() === '') return { error: 'unreadable-address', message: 'The address is empty.' };
  return { output: { label: `${copies} x ${address} (${key.slice(-6)})` } };
}

async function carryOut(job) {
  const { error, message, output } = print(job.input, job.idempotencyKey);
  const report = error ? { error, message } : { output };
  const answer = await fetch(`${server}/v1/jobs/${job.id}/${error ? 'fail' : 'complete'}`, {
    method: 'POST', headers, body: JSON.stringify({ leaseToken: job.leaseToken, ...report }),
  });
  if (!answer.ok) console.error(await answer.text()); // 409 and 410: the job is no longer ours
}

async function listen() {
  const stream = await fetch(`${server}/v1/jobs/stream?operations=printing.print&worker=printer&max=5`, { headers });
  if (!stream.ok) throw new Error(await stream.text());
  let text = '';
  for await (const bytes of stream.body.pipeThrough(new TextDecoderStream())) {
    text += bytes;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const data = text.slice(0, end).split('\n').find((line) => line.startsWith('data: '));
      if (data) await carryOut(JSON.parse(data.slice(6)));
      text = text.slice(end + 2);
    }
  }
}

for (;;) {
  await listen().catch((error) => console.error(error.message)); // the server is away, or has ended the stream
  await new Promise((wake) => setTimeout(wake, 1000));
}
