// /v1/definitions: deploying, looking, and which version new starts take.
#include <algorithm>

#include "api/handlers/field_reader.h"
#include "api/handlers/json_place.h"
#include "api/handlers/request_reader.h"
#include "api/handlers/routes.h"
#include "api/handlers/views.h"
#include "engine/language/reader.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

// {path: text} under `name`.
std::vector<std::pair<std::string, std::string>> ReadTexts(FieldReader& fields, const std::string& name) {
  std::vector<std::pair<std::string, std::string>> texts;
  const Value* map = fields.Object(name);
  if (!map) return texts;
  for (const auto& [key, value] : map->as_map()) {
    if (value.is_string()) {
      texts.emplace_back(std::string(key.as_string()), std::string(value.as_string()));
    } else {
      fields.Fail(name, "Expected '" + name + "' to hold texts by file name, but '" + std::string(key.as_string()) +
                            "' is " + std::string(JsonKindName(value)) + ".");
    }
  }
  return texts;
}

// A YAML file as it is, or a bundle as JSON; nullopt after the answer has been given.
std::optional<DeployRequest> ReadDeployRequest(const HttpRequest& request, const Reply& reply) {
  QueryReader query(request, {"file"});
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes()), std::nullopt;
  DeployRequest deploy;
  deploy.file_name = query.Text("file").value_or("process.yaml");
  const std::string type = MediaType(request);
  if (IsYamlType(type)) {
    deploy.yaml = request.body;
    return deploy;
  }
  if (!IsJsonType(type)) return reply.Fail(WrongMediaType("application/yaml or application/json", type)), std::nullopt;
  Result<Value> body = ReadJsonBody(request);
  if (!body.ok()) {
    Error error = body.error();
    if (LooksLikeYaml(request.body)) error.hint = "If this is YAML, send it with 'Content-Type: application/yaml'.";
    return reply.Fail(error), std::nullopt;
  }
  FieldReader fields(*body, {"file", "yaml", "files", "manifests"});
  deploy.file_name = fields.Text("file").value_or(deploy.file_name);
  deploy.yaml = fields.RequiredText("yaml");
  for (auto& [path, text] : ReadTexts(fields, "files")) deploy.files.emplace(std::move(path), std::move(text));
  deploy.manifests = ReadTexts(fields, "manifests");
  if (!fields.mistakes().empty()) return reply.Fail(fields.mistakes()), std::nullopt;
  return deploy;
}

// The name in a process's file; empty where it has none that could be deployed.
std::string ProcessIn(const std::string& yaml) {
  const ReadOutcome read = ReadYaml("process.yaml", yaml);
  const Value file = read.root ? ToValue(*read.root) : Value();
  const Value* name = file.is_map() ? file.Find("process") : nullptr;
  return name && name->is_string() ? std::string(name->as_string()) : "";
}

void Deploy(const RouteContext& context, const HttpRequest& request, const Reply& reply) {
  std::optional<DeployRequest> deploy = ReadDeployRequest(request, reply);
  if (!deploy) return;
  const std::string process = reply.caller().processes.empty() ? "" : ProcessIn(deploy->yaml);
  if (!reply.caller().MayUse(process)) return reply.Fail(BeyondLimits(reply.caller(), process));
  // A manifest calls wherever it says, with the secrets that it names.
  if (!reply.caller().processes.empty() && !deploy->manifests.empty())
    return reply.Fail(ForUnlimited(reply.caller(), "connectors"));
  context.Later(reply, [context, reply, deploy = std::move(*deploy)] {
    const DeployOutcome outcome = context.engine().Deploy(deploy);
    if (outcome.error) return reply.Fail(*outcome.error);
    if (!outcome.reply) return reply.Fail(outcome.diagnostics);
    const std::string location = "/v1/definitions/" + outcome.reply->process + "/" + outcome.reply->version;
    reply.Json(outcome.reply->created ? 201 : 200, ViewOf(*outcome.reply), {{"Location", location}});
  });
}

void List(const RouteContext& context, const Reply& reply) {
  std::vector<Value> items;
  for (const DefinitionInfo& info : context.engine().Definitions())
    if (reply.caller().MayUse(info.process)) items.push_back(SummaryOf(info));
  reply.Json(200, WholeList(std::move(items)));
}

// The live version in full, and which others there are.
void GetProcess(const RouteContext& context, const std::string& process, const Reply& reply) {
  const std::optional<DefinitionInfo> live = context.engine().FindDefinition(process, "");
  if (!live) return reply.Fail(context.engine().UnknownDefinition(process, ""));
  std::vector<Value> versions;
  for (const DefinitionInfo& info : context.engine().Definitions())
    if (info.process == process) versions.push_back(SummaryOf(info));
  std::vector<MapEntry> entries = ViewOf(*live).as_map();
  entries.emplace_back(Value::String("versions"), Value::List(std::move(versions)));
  reply.Json(200, Value::Map(std::move(entries)));
}

// Whether the first type of an Accept header that could be given is YAML.
bool WantsYaml(const HttpRequest& request) {
  const std::string* accept = request.FindHeader("accept");
  std::string_view rest = accept ? std::string_view(*accept) : std::string_view();
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    const std::string type = MediaType(rest.substr(0, end));
    if (IsYamlType(type)) return true;
    if (IsJsonType(type) || type == "*/*" || type == "application/*") return false;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

void GetVersion(const RouteContext& context, const HttpRequest& request, const std::string& process,
                const std::string& version, const Reply& reply) {
  const std::optional<DefinitionInfo> info = context.engine().FindDefinition(process, version);
  if (!info) return reply.Fail(context.engine().UnknownDefinition(process, version));
  if (WantsYaml(request)) return reply.Send(TextResponse(200, info->source, "application/yaml"));
  reply.Json(200, ViewOf(*info));
}

void SetLive(const RouteContext& context, const HttpRequest& request, const std::string& process, const Reply& reply) {
  Result<Value> body = ReadJsonBody(request);
  if (!body.ok()) return reply.Fail(body.error());
  FieldReader fields(*body, {"version"});
  const std::string version = fields.RequiredText("version");
  if (!fields.mistakes().empty()) return reply.Fail(fields.mistakes());
  context.Later(reply, [=] {
    if (const Status set = context.engine().SetLive(process, version); !set.ok()) return reply.Fail(set.error());
    GetProcess(context, process, reply);
  });
}

// Routes without parameters refuse a query rather than ignore it.
bool HasNoQuery(const HttpRequest& request, const Reply& reply) {
  const QueryReader query(request, {});
  if (!query.mistakes().empty()) reply.Fail(query.mistakes());
  return query.mistakes().empty();
}

}  // namespace

void AddDefinitionRoutes(const RouteContext& context) {
  context.Add("POST", "/v1/definitions", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    Deploy(context, request, reply);
  });
  context.Add("GET", "/v1/definitions", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    if (HasNoQuery(request, reply)) List(context, reply);
  });
  context.Add("GET", "/v1/definitions/{process}",
              [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                if (HasNoQuery(request, reply)) GetProcess(context, params["process"], reply);
              });
  context.Add("GET", "/v1/definitions/{process}/{version}",
              [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                if (HasNoQuery(request, reply))
                  GetVersion(context, request, params["process"], params["version"], reply);
              });
  context.Add("POST", "/v1/definitions/{process}/live",
              [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                if (HasNoQuery(request, reply)) SetLive(context, request, params["process"], reply);
              });
}

}  // namespace fermata
