#include "engine/base/assert.h"
#include "engine/language/load.h"

namespace fermata {
namespace {

constexpr const char* kEngineManifest = R"(connector: engine
version: 1.0.0
title: The engine itself
kind: builtin
operations:
  cancel:
    title: Cancels the live instance with this key, and waits until its undo is through
    input:
      type: object
      required: [process, key]
      additionalProperties: false
      properties:
        process: { type: string, minLength: 1 }
        key: { type: string, minLength: 1 }
        reason: { type: string }
    output: { type: object, required: [cancelled], properties: { cancelled: { type: integer, minimum: 0 } } }
    errors: [own-ancestor]
    retry: { attempts: 20, first: 1s, factor: 2, max: 1m }
  find:
    title: The live and finished instances with this key
    input:
      type: object
      required: [process, key]
      additionalProperties: false
      properties:
        process: { type: string, minLength: 1 }
        key: { type: string, minLength: 1 }
    output:
      type: array
      items:
        type: object
        required: [id, status, states]
        properties:
          id: { type: string }
          status: { type: string }
          states: { type: array, items: { type: string } }
)";

}  // namespace

const ManifestPtr& EngineManifest() {
  static const ManifestPtr manifest = [] {
    ManifestOutcome outcome = LoadManifest("engine.yaml", kEngineManifest);
    FERMATA_ASSERT(outcome.manifest != nullptr);
    return outcome.manifest;
  }();
  return manifest;
}

}  // namespace fermata
