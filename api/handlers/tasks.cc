// /v1/tasks: what people have to do, and their answers.
#include <algorithm>

#include "api/handlers/field_reader.h"
#include "api/handlers/request_reader.h"
#include "api/handlers/routes.h"
#include "api/handlers/views.h"
#include "engine/model/limits.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

Error UnknownTask(const std::string& name) {
  return Error{kUnknownTask, "Expected the id of a task, but none is called '" + name + "'."};
}

void List(const RouteContext& context, const HttpRequest& request, const Reply& reply) {
  QueryReader query(request,
                    {"process", "instance", "state", "role", "user", "assignee", "candidate", "limit", "cursor"});
  TaskQuery wanted;
  wanted.filter.tenant = reply.caller().tenant;
  wanted.filter.process = query.Text("process");
  wanted.filter.state = query.Text("state");
  wanted.filter.role = query.Text("role");
  wanted.filter.user = query.Text("user");
  wanted.filter.assignee = query.Text("assignee");
  wanted.filter.candidates = query.Words("candidate");
  std::erase(wanted.filter.candidates, "");
  if (wanted.filter.candidates.size() > kTaskCandidatesMax)
    query.Fail("candidate", "Expected at most " + std::to_string(kTaskCandidatesMax) + " names, but got " +
                                std::to_string(wanted.filter.candidates.size()) + ".");
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

void ListOfInstance(const RouteContext& context, const HttpRequest& request, const std::string& name,
                    const Reply& reply) {
  QueryReader query(request, {"limit", "cursor"});
  const int limit = query.Limit();
  const std::string cursor = query.Text("cursor").value_or("");
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  const std::optional<InstanceId> id = ReadInstanceId(name, reply);
  if (!id) return;
  context.Later(reply, [=] {
    Result<Page<TaskView>> page = context.engine().TasksOf(*id, cursor, limit);
    page.ok() ? reply.Json(200, PageView(*page)) : reply.Fail(page.error());
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
  if (const Value* data = fields.Any("data")) answer.data = *data;
  std::vector<Error> mistakes = query.mistakes();
  answer.by = ReadBy(fields, reply, mistakes);
  answer.actor = ActorOf(reply, answer.by);
  Append(mistakes, fields.mistakes());
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

void AnswerWithTask(const RouteContext& context, const Reply& reply, const TaskId& id, bool repeated) {
  context.Later(reply, [=] {
    Result<TaskView> task = context.engine().FindTask(id.instance, id.activation);
    if (!task.ok()) return reply.Fail(task.error());
    reply.Json(200, ViewOf(*task), repeated ? HttpHeaders{{"Idempotency-Replayed", "true"}} : HttpHeaders());
  });
}

struct Doer {
  std::string by, actor;
};
// Makes the command out of the body; says what is wrong by the reader.
using ReadTaskCommand = std::function<Command(FieldReader& fields, const Doer& doer, ActivationId activation)>;

// claim, release, assign and comment: what does not move the instance; answered with the task as it is then.
void Change(const RouteContext& context, const HttpRequest& request, const std::string& name, const Reply& reply,
            const std::string& word, std::vector<std::string> known, const ReadTaskCommand& read) {
  const QueryReader query(request, {});
  Result<Value> body = ReadOptionalJsonBody(request);
  if (!body.ok()) return reply.Fail(body.error());
  known.push_back("by");
  FieldReader fields(*body, known);
  std::vector<Error> mistakes = query.mistakes();
  const std::string by = ReadBy(fields, reply, mistakes);
  if (by.empty() && fields.mistakes().empty() && word != "assign")
    fields.Fail("by", "Expected 'by' to say who does it, but nobody is named.");
  const std::optional<TaskId> id = ParseTaskName(name);
  CommandRequest asked = ReadCommand(request, word, name, *body, mistakes);
  asked.command = read(fields, {by, ActorOf(reply, by)}, id ? id->activation : 0);
  Append(mistakes, fields.mistakes());
  if (!mistakes.empty()) return reply.Fail(mistakes);
  if (!id) return reply.Fail(UnknownTask(name));
  asked.instance = id->instance;
  asked.tenant = reply.caller().tenant;
  context.engine().Send(std::move(asked), [=](Result<CommandReply> done) {
    if (done.ok()) return AnswerWithTask(context, reply, *id, done->repeated);
    const Error& error = done.error();
    if (error.code == kUnknownTask || error.code == kStatusForbids) return FailUnknown(context, reply, *id, error);
    reply.Fail(error.code == kUnknownInstance ? UnknownTask(name) : error);
  });
}

Command ReadAssignment(FieldReader& fields, const Doer& doer, ActivationId activation) {
  AssignTask assign{activation, fields.Text("role").value_or(""), fields.Text("user").value_or(""), doer.by,
                    doer.actor};
  if (!assign.role.empty() && !assign.user.empty())
    fields.Fail("user", "Expected either 'role' or 'user', but both are there.");
  if (assign.role.size() > kKeyBytesMax || assign.user.size() > kKeyBytesMax)
    fields.Fail(assign.role.empty() ? "user" : "role",
                "Expected a name of at most " + std::to_string(kKeyBytesMax) + " bytes, but it is longer.");
  return assign;
}

Command ReadComment(FieldReader& fields, const Doer& doer, ActivationId activation) {
  CommentTask comment{activation, fields.RequiredText("text"), doer.by, doer.actor};
  if (comment.text.size() > kTaskCommentBytesMax)
    fields.Fail("text", "Expected a comment of at most " + std::to_string(kTaskCommentBytesMax) +
                            " bytes, but it has " + std::to_string(comment.text.size()) + ".");
  return comment;
}

void Comments(const RouteContext& context, const HttpRequest& request, const std::string& name, const Reply& reply) {
  QueryReader query(request, {"limit", "cursor"});
  const int limit = query.Limit();
  const std::string cursor = query.Text("cursor").value_or("");
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  const std::optional<TaskId> id = ParseTaskName(name);
  if (!id) return reply.Fail(UnknownTask(name));
  context.Later(reply, [=] {
    Result<Page<TaskComment>> page = context.engine().Comments(id->instance, id->activation, cursor, limit);
    if (!page.ok()) return reply.Fail(page.error());
    reply.Json(200, PageView(*page));
  });
}

Value GroupView(const TaskCount& group) {
  return Value::Object({{"process", Value::String(group.process)},
                        {"state", Value::String(group.state)},
                        {"role", group.role.empty() ? Value::Null() : Value::String(group.role)},
                        {"mine", Value::Bool(group.mine)},
                        {"unclaimed", Value::Bool(group.free)},
                        {"overdue", Value::Bool(group.overdue)},
                        {"count", Value::Int(group.count)}});
}

// How much there is to do, and how much of it is somebody's.
void Inbox(const RouteContext& context, const HttpRequest& request, const Reply& reply) {
  const QueryReader query(request, {"user"});
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  const Caller& caller = reply.caller();
  const std::string user = query.Text("user").value_or(caller.authenticated ? caller.name : "");
  context.Later(reply, [=] {
    Result<std::vector<TaskCount>> groups = context.engine().CountTasks(reply.caller().tenant, user);
    if (!groups.ok()) return reply.Fail(groups.error());
    std::int64_t total = 0, mine = 0, unclaimed = 0, overdue = 0;
    std::vector<Value> views;
    for (const TaskCount& group : *groups) {
      if (!reply.caller().MayUse(group.process)) continue;
      total += group.count;
      mine += group.mine ? group.count : 0;
      unclaimed += group.free ? group.count : 0;
      overdue += group.overdue ? group.count : 0;
      views.push_back(GroupView(group));
    }
    reply.Json(200, Value::Object({{"user", user.empty() ? Value::Null() : Value::String(user)},
                                   {"total", Value::Int(total)},
                                   {"mine", Value::Int(mine)},
                                   {"unclaimed", Value::Int(unclaimed)},
                                   {"overdue", Value::Int(overdue)},
                                   {"groups", Value::List(std::move(views))}}));
  });
}

}  // namespace

void AddTaskRoutes(const RouteContext& context) {
  context.Add("GET", "/v1/instances/{id}/tasks",
              [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                ListOfInstance(context, request, params["id"], reply);
              });
  const auto change = [&](const std::string& word, const std::string& path, std::vector<std::string> known,
                          ReadTaskCommand read) {
    context.Add("POST", "/v1/tasks/{id}/" + path,
                [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                  Change(context, request, params["id"], reply, word, known, read);
                });
  };
  change("claim", "claim", {}, [](FieldReader&, const Doer& doer, ActivationId activation) -> Command {
    return ClaimTask{activation, doer.by, doer.actor};
  });
  change("release", "release", {}, [](FieldReader&, const Doer& doer, ActivationId activation) -> Command {
    return ReleaseTask{activation, doer.by, doer.actor};
  });
  change("assign", "assign", {"role", "user"}, ReadAssignment);
  change("comment", "comments", {"text"}, ReadComment);
  context.Add("GET", "/v1/tasks/{id}/comments",
              [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                Comments(context, request, params["id"], reply);
              });
  context.Add("GET", "/v1/tasks/inbox", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    Inbox(context, request, reply);
  });
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
