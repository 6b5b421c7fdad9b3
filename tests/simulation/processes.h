// What runs in the simulated world.
#pragma once

#include "engine/runtime/definition_registry.h"

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

inline constexpr const char* kHandsManifest = R"yaml(
connector: hands
version: 1.0.0
kind: worker
operations:
  pack:   { errors: [empty], timeout: 20s, retry: { attempts: 1000, first: 1s, factor: 2, max: 10s } }
  unpack: { timeout: 20s, retry: { attempts: 1000, first: 1s, factor: 2, max: 10s } }
)yaml";

// Of a process the last version is live.
inline constexpr const char* kSimProcesses[] = {
    R"yaml(
fermata: 1
process: parcel
version: 2.0.0
vars: { note: "", sealed: false }
migrations: [ { from: 1.x, states: { check: look }, set: { note: "${note + '2'}" } } ]
states:
  pack:
    call: hands.pack
    save: parcel
    undo: { call: hands.unpack, with: { lease: "${parcel.lease}" } }
    on_error: { empty: nothing }
    next: look
  look:    { ask: Is it sealed?, assign: { role: packer }, outcomes: [yes, no], save: answer, after: { 20m: done }, next: done }
  nothing: { end: { result: empty } }
  done:    { end: { result: packed } }
)yaml",
    R"yaml(
fermata: 1
process: parcel
version: 1.0.0
vars: { note: "" }
states:
  pack:
    call: hands.pack
    save: parcel
    undo: { call: hands.unpack, with: { lease: "${parcel.lease}" } }
    on_error: { empty: nothing }
    next: check
  check:   { ask: Is it sealed?, assign: { role: packer }, outcomes: [yes, no], save: answer, after: { 10m: done }, next: done }
  nothing: { end: { result: empty } }
  done:    { end: { result: packed } }
)yaml",
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

// Compiles them into the registry, which has these manifests.
void DeploySimProcesses(DefinitionRegistry& definitions);

}  // namespace fermata
