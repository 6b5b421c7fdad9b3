// /v1/tasks: what people have to do, and their answers.
#include <algorithm>

#include "api/handlers/field_reader.h"
#include "api/handlers/request_reader.h"
#include "api/handlers/routes.h"
#include "api/handlers/views.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

Error UnknownTask(const std::string& name) {
  return Error{kUnknownTask, "Expected the id of a task, but none is called '" + name + "'."};
}

void List(const RouteContext& context, const HttpRequest& request, const Reply& reply) {
  QueryReader query(request, {"process", "instance", "state", "role", "user", "limit", "cursor"});
  TaskQuery wanted;
  wanted.filter.process = query.Text("process");
  wanted.filter.state = query.Text("state");
  wanted.filter.role = query.Text("role");
  wanted.filter.user = query.Text("user");
  wanted.filter.limit = query.Limit();
  wanted.cursor = query.Text("cursor").value_or("");
  wanted.filter.instance = query.Instance("instance");
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  context.Later(reply, [=] {
    Result<Page<TaskView>> page = context.engine().Tasks(wanted);
    if (!page.ok()) return reply.Fail(page.error());
    reply.Json(200, PageView(*page));
  });
}

void Get(const RouteContext& context, const HttpRequest& request, const std::string& name, const Reply& reply) {
  const QueryReader query(request, {});
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  const std::optional<TaskId> id = ParseTaskName(name);
  if (!id) return reply.Fail(UnknownTask(name));
  context.Later(reply, [=] {
    Result<TaskView> task = context.engine().FindTask(id->instance, id->activation);
    if (!task.ok()) return reply.Fail(task.error());
    reply.Json(200, ViewOf(*task));
  });
}

// Whether there never was such a task, or it is closed: on a thread that may look.
void FailUnknown(const RouteContext& context, const Reply& reply, const TaskId& id, const Error& error) {
  context.Later(reply, [=] {
    Result<TaskView> task = context.engine().FindTask(id.instance, id.activation);
    if (!task.ok()) return reply.Fail(task.error());
    if (task->open) return reply.Fail(error);
    reply.Fail(Error{kTaskClosed, "Expected an open task, but '" + TaskName(id.instance, id.activation) +
                                      "' is closed: somebody has answered it, or the instance went on without it."});
  });
}

// The refusal of an answer's data tells all that is wrong with it.
void FailAnswer(const RouteContext& context, const Reply& reply, const InstanceId& instance, const CompleteTask& answer,
                const Error& error) {
  context.Later(reply, [=] {
    std::vector<Error> mistakes = context.engine().MistakesOf(instance, answer);
    if (mistakes.empty() || error.path.starts_with("/outcome")) mistakes.insert(mistakes.begin(), error);
    reply.Fail(mistakes);
  });
}

void Complete(const RouteContext& context, const HttpRequest& request, const std::string& name, const Reply& reply) {
  QueryReader query(request, {"wait", "until"});
  const Wait wait = ReadWait(query);
  Result<Value> body = ReadOptionalJsonBody(request);
  if (!body.ok()) return reply.Fail(body.error());
  FieldReader fields(*body, {"outcome", "data", "by"});
  CompleteTask answer;
  answer.outcome = fields.Text("outcome");
  answer.by = fields.Text("by").value_or("");
  if (const Value* data = fields.Any("data")) answer.data = *data;
  std::vector<Error> mistakes = query.mistakes();
  mistakes.insert(mistakes.end(), fields.mistakes().begin(), fields.mistakes().end());
  CommandRequest asked = ReadCommand(request, "complete", name, *body, mistakes);
  if (!mistakes.empty()) return reply.Fail(mistakes);
  const std::optional<TaskId> id = ParseTaskName(name);
  if (!id) return reply.Fail(UnknownTask(name));
  answer.activation = id->activation;
  asked.instance = id->instance;
  asked.command = answer;
  SendCommand(context, reply, std::move(asked), wait, [=](const Error& error) {
    if (error.code == kInvalidAnswer) return FailAnswer(context, reply, id->instance, answer, error);
    if (error.code == kUnknownTask || error.code == kStatusForbids) return FailUnknown(context, reply, *id, error);
    reply.Fail(error.code == kUnknownInstance ? UnknownTask(name) : error);
  });
}

}  // namespace

void AddTaskRoutes(const RouteContext& context) {
  context.Add("GET", "/v1/tasks", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    List(context, request, reply);
  });
  context.Add("GET", "/v1/tasks/{id}", [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
    Get(context, request, params["id"], reply);
  });
  context.Add("POST", "/v1/tasks/{id}/complete",
              [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                Complete(context, request, params["id"], reply);
              });
}

}  // namespace fermata
