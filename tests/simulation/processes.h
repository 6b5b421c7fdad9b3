// What runs in the simulated world.
#pragma once

namespace fermata {

inline constexpr const char* kSimManifest = R"yaml(
connector: world
version: 1.0.0
kind: builtin
operations:
  touch:  { retry: { attempts: 1000, first: 1s, factor: 2, max: 10s } }
  charge: { errors: [declined], retry: { attempts: 1000, first: 1s, factor: 2, max: 10s } }
  refund: { retry: { attempts: 1000, first: 1s, factor: 2, max: 10s } }
)yaml";

inline constexpr const char* kSimProcesses[] = {
    R"yaml(
fermata: 1
process: chain
version: 1.0.0
states:
  one:   { call: world.touch, save: first, next: two }
  two:   { call: world.touch, with: { previous: "${first.id}" }, next: three }
  three: { call: world.touch, next: done }
  done:  { end: { first: "${first.id}" } }
)yaml",
    R"yaml(
fermata: 1
process: saga
version: 1.0.0
key: ${input.customer}
states:
  charge:
    call: world.charge
    save: payment
    undo: { call: world.refund, with: { payment: "${payment.id}" } }
    on_error: { declined: refused }
    next: ship
  ship:
    call: world.touch
    next:
      - { if: "input.customer.endsWith('3')", go: broken }
      - { go: done }
  broken:  { fail: out-of-stock }
  refused: { end: { result: refused }, set: { payment: "${null}" } }
  done:    { end: { result: paid } }
)yaml",
    R"yaml(
fermata: 1
process: wait
version: 1.0.0
key: ${input.customer}
unique: running
events:
  paid: { key: "${event.data.customer}", keep: 1h }
states:
  waiting:
    on: { paid: touch }
    after: { 10m: late }
  touch: { call: world.touch, next: done }
  late:  { end: { result: late } }
  done:  { end: { result: paid } }
)yaml",
    R"yaml(
fermata: 1
process: parent
version: 1.0.0
states:
  child:
    run: saga
    with: { customer: "${input.customer}", amount: 5 }
    save: result
    on_error: { any: failed }
    next: beside
  beside: { run: chain, detach: true, with: "${input}", next: done }
  failed: { end: { result: failed } }
  done:   { end: { result: "${result}" } }
)yaml",
    R"yaml(
fermata: 1
process: receipt
version: 1.0.0
key: ${input.customer}
events:
  paid: { key: "${event.data.customer}" }
start_on: paid
states:
  write: { call: world.touch, next: done }
  done:  { end: {} }
)yaml",
    R"yaml(
fermata: 1
process: sweep
version: 1.0.0
key: ${string(now)}
schedule: { cron: "* * * * *" }
states:
  sweep: { call: world.touch, next: done }
  done:  { end: {} }
)yaml"};

}  // namespace fermata
