// /v1/connectors: manifests of kind http and worker.
#include "api/handlers/request_reader.h"
#include "api/handlers/routes.h"
#include "api/handlers/views.h"
#include "engine/language/load.h"

namespace fermata {
namespace {

// A manifest without anything that could carry its operations out.
std::vector<Error> WhatCannotBeDeployed(const Manifest& manifest) {
  std::vector<Error> mistakes;
  if (manifest.connector == EngineManifest()->connector)
    mistakes.push_back({kWrongField, "Expected another name than 'engine', which is the engine itself.", "/connector"});
  if (manifest.kind == ConnectorKind::kBuiltin)
    mistakes.push_back(
        {kWrongField, "Expected 'kind' to be http or worker, but it is builtin: those connectors come with the server.",
         "/kind"});
  return mistakes;
}

void DeployManifest(const RouteContext& context, const HttpRequest& request, const Reply& reply) {
  QueryReader query(request, {"file"});
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  if (!reply.caller().processes.empty()) return reply.Fail(ForUnlimited(reply.caller(), "connectors"));
  // JSON is YAML, so one reader does for both.
  const std::string type = MediaType(request);
  if (!IsYamlType(type) && !IsJsonType(type))
    return reply.Fail(WrongMediaType("application/yaml or application/json", type));
  context.Later(reply, [context, reply, file = query.Text("file").value_or("connector.yaml"), text = request.body] {
    const ManifestOutcome loaded = LoadManifest(file, text);
    if (!loaded.manifest) return reply.Fail(loaded.diagnostics);
    if (const std::vector<Error> mistakes = WhatCannotBeDeployed(*loaded.manifest); !mistakes.empty())
      return reply.Fail(mistakes);
    if (const Status works = context.services.check_connector(loaded.manifest); !works.ok())
      return reply.Fail(works.error());
    const Engine::ManifestOutcome deployed = context.engine().DeployManifest(file, text, ManifestOrigin::kDeployed);
    if (deployed.error) return reply.Fail(*deployed.error);
    if (!deployed.ok) return reply.Fail(deployed.diagnostics);
    reply.Json(201, Value::Object({{"connector", Value::String(deployed.connector)},
                                   {"version", Value::String(deployed.version)},
                                   {"diagnostics", ToValue(deployed.diagnostics)}}));
  });
}

void List(const RouteContext& context, const Reply& reply) {
  std::vector<Value> items;
  for (const ConnectorInfo& connector : context.engine().Connectors()) items.push_back(ViewOf(connector));
  reply.Json(200, WholeList(std::move(items)));
}

}  // namespace

void AddConnectorRoutes(const RouteContext& context) {
  context.Add("POST", "/v1/connectors", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    DeployManifest(context, request, reply);
  });
  context.Add("GET", "/v1/connectors", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    const QueryReader query(request, {});
    if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
    List(context, reply);
  });
}

}  // namespace fermata
