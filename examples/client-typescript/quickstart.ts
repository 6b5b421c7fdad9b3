// Deploys the greeting of examples/hello, starts it, waits for its end and prints what it gave. Every name and type here is held
// to the API's document by the compiler.
//
//   npm start -- [NAME]        talks to FERMATA_SERVER, http://127.0.0.1:8080 if that is not set
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import createClient from "openapi-fetch";
import type { paths, components } from "./build/api.js";

const name = process.argv[2] ?? "world";
const key = process.env.FERMATA_API_KEY;
const fermata = createClient<paths>({
  baseUrl: process.env.FERMATA_SERVER ?? "http://127.0.0.1:8080",
  headers: key ? { Authorization: `Bearer ${key}` } : {},
});

type Problem = components["schemas"]["Problem"];
function told(problem: Problem): never {
  console.error(`${problem.code}: ${problem.detail}`, problem.errors ?? "");
  process.exit(1);
}

// The same file again is no change, so this can be repeated.
const yaml = await readFile(new URL("../../hello/hello.yaml", import.meta.url), "utf8");
const deployed = await fermata.POST("/v1/definitions", {
  body: yaml,
  bodySerializer: (text: unknown) => text as string,
  headers: { "Content-Type": "application/yaml" },
});
if (deployed.error) told(deployed.error);

// With the same Idempotency-Key a second try gives the same instance instead of another one.
const started = await fermata.POST("/v1/instances", {
  params: { query: { wait: "10s" }, header: { "Idempotency-Key": randomUUID() } },
  body: { process: "hello", input: { name } },
});
if (started.error) told(started.error);
console.log(started.data.status, JSON.stringify(started.data.output));
