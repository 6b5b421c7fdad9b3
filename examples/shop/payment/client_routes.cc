// What customers ask. It is the processes that pay; here their tasks are answered for the customer of the session.
#include <algorithm>
#include <chrono>
#include <thread>

#include "engine/base/percent.h"
#include "examples/shop/common/json.h"
#include "examples/shop/common/secure.h"
#include "examples/shop/payment/payment.h"
#include "examples/shop/payment/payment_store.h"

namespace fermata::shop {
namespace {

constexpr int kEngineTimeoutMs = 15'000;
// A task is there soon after what leads to it was answered, but not at once.
constexpr int kTaskTries = 40;
constexpr std::chrono::milliseconds kTaskPause{50};

bool IsIn(const Value& instance, const std::string& state) {
  const Value states = At(instance, "states");
  return states.is_list() && std::any_of(states.as_list().begin(), states.as_list().end(),
                                         [&](const Value& active) { return active == Value::String(state); });
}

// What the process has of it, as `name` of `variable`.
Value Of(const Value& instance, std::string_view variable, std::string_view name) {
  return At(At(At(instance, "variables"), variable), name);
}

// CARD if nothing is said; empty if it is none that tops up.
std::string MethodOfTopUp(const RestRequest& request) {
  if (request.body.Find("method") == nullptr) return "CARD";
  const std::string method = request.Text("method");
  return method == "CARD" || method == "SBP" ? method : "";
}

RestAnswer WithPayment(const Value& instance, const char* status, std::vector<MapEntry> more = {}) {
  std::vector<MapEntry> entries = {{Value::String("paymentId"), Of(instance, "payment", "paymentId")},
                                   {Value::String("status"), Value::String(status)}};
  entries.insert(entries.end(), more.begin(), more.end());
  return {200, Value::Map(std::move(entries))};
}

// Whether what was chosen can be chosen for this payment at all.
bool IsOffered(const Value& instance) {
  const Value variables = At(instance, "variables"), offered = At(variables, "offered");
  if (!offered.is_list()) return true;
  const auto& all = offered.as_list();
  return std::find(all.begin(), all.end(), At(variables, "method")) != all.end();
}

// Where a payment stands after the customer has chosen.
RestAnswer ToChoice(const Value& instance) {
  if (IsIn(instance, "ready")) return WithPayment(instance, "AUTHORISED");
  if (IsIn(instance, "bank-page"))
    return WithPayment(instance, "BANK_PAGE",
                       {{Value::String("bankRedirectUrl"), Of(instance, "hold", "redirectUrl")}});
  if (IsIn(instance, "scan"))
    return WithPayment(instance, "SCAN",
                       {{Value::String("qr"), At(At(instance, "variables"), "qr_url")},
                        {Value::String("link"), Of(instance, "sbp", "payload")}});
  if (IsIn(instance, "activation")) return WithPayment(instance, "ACTIVATION");
  if (TextOf(instance, "status") == "completed") return WithPayment(instance, "DEFERRED");
  if (IsIn(instance, "choose")) {
    const std::string problem = TextOf(At(instance, "variables"), "problem");
    return Refusal(IsOffered(instance) ? 402 : 409, problem);
  }
  return WithPayment(instance, "IN_PROCESS");
}

}  // namespace

Value PaymentService::FindTask(const std::string& process, const std::string& key, const std::string& username,
                               const std::vector<std::string>& states) {
  for (int i = 0; i < kTaskTries; ++i) {
    if (i > 0) std::this_thread::sleep_for(kTaskPause);
    const RestReply found =
        engine_.Get("/v1/instances?limit=1&process=" + process + "&key=" + PercentEncode(key), {}, kEngineTimeoutMs);
    const Value list = At(found.body, "items");
    if (!list.is_list() || list.as_list().empty()) continue;
    const Value& instance = list.as_list()[0];
    const std::string status = TextOf(instance, "status");
    if (status != "running" && status != "waiting") return Value();
    const RestReply tasks = engine_.Get(
        "/v1/tasks?instance=" + TextOf(instance, "id") + "&user=" + PercentEncode(username), {}, kEngineTimeoutMs);
    const Value open = At(tasks.body, "items");
    if (!open.is_list() || open.as_list().empty()) continue;
    const Value& task = open.as_list()[0];
    const std::string state = TextOf(task, "state");
    return std::find(states.begin(), states.end(), state) != states.end() ? task : Value();
  }
  return Value();
}

Value PaymentService::AnswerTask(const Value& task, const std::string& outcome, const Value& data,
                                 const std::string& wait) {
  const std::string id = TextOf(task, "id");
  return engine_
      .Post("/v1/tasks/" + id + "/complete" + wait,
            Value::Object({{"outcome", Value::String(outcome)}, {"data", data}}), "answer/" + id, kEngineTimeoutMs)
      .body;
}

Value PaymentService::Settle(Value instance, const std::vector<std::string>& states) {
  const std::string id = TextOf(instance, "id");
  for (int i = 0; i < kTaskTries && !id.empty(); ++i) {
    const std::string status = TextOf(instance, "status");
    if (status == "completed" || status == "failed" || status == "cancelled") break;
    if (std::any_of(states.begin(), states.end(), [&](const std::string& state) { return IsIn(instance, state); }))
      break;
    // A call that is tried again waits as well.
    std::this_thread::sleep_for(kTaskPause);
    instance = engine_.Get("/v1/instances/" + id, {}, kEngineTimeoutMs).body;
  }
  return instance;
}

RestAnswer PaymentService::Choose(const std::string& username, const std::string& ref_id, const Value& choice) {
  Value task = FindTask("makepayment", ref_id, username, {"choose", "what-now", "bank-page", "scan", "ready"});
  if (task.is_null()) return Refusal(409, "No payment waits to be made");
  // Another way to pay than the one before.
  if (TextOf(task, "state") != "choose") {
    AnswerTask(task, TextOf(task, "state") == "what-now" ? "retry" : "other-method", Value::Object({}));
    task = FindTask("makepayment", ref_id, username, {"choose"});
    if (task.is_null()) return Refusal(409, "No payment waits to be made");
  }
  const Value answered = AnswerTask(task, "choose", choice);
  if (!answered.Find("states")) return Refusal(409, "The way to pay was not understood");
  return ToChoice(Settle(answered, {"ready", "bank-page", "scan", "activation", "choose"}));
}

RestAnswer PaymentService::Authorise(const RestRequest& request) {
  const Asker asker = sessions_.WhoAsks(request);
  if (asker.username.empty()) return asker.refusal;
  const std::string method = request.Text("method"), ref = request.Text("refId");
  if (method.empty() || ref.empty()) return Refusal(400, "A refId and a method should be provided");
  const std::string token = request.Text("tokenId");
  if (method == "GIFT_CARD" && token.empty()) return Refusal(400, "A gift card's tokenId should be provided");
  if (!token.empty() && (method == "GIFT_CARD" || method == "CARD")) {
    const RestAnswer known = database_->Transact([&](soci::session& sql) -> RestAnswer {
      const auto means = FindMeans(sql, token);
      return means && means->customer == asker.username ? RestAnswer{} : Refusal(404, "Means of payment not found");
    });
    if (known.status != 200) return known;
  }
  std::vector<MapEntry> choice = {{Value::String("method"), Value::String(method)}};
  for (const char* name : {"tokenId", "saveCard"})
    if (const Value* value = request.body.Find(name)) choice.emplace_back(Value::String(name), *value);
  return Choose(asker.username, ref, Value::Map(std::move(choice)));
}

RestAnswer PaymentService::Pay(const RestRequest& request) {
  const Asker asker = sessions_.WhoAsks(request);
  if (asker.username.empty()) return asker.refusal;
  std::optional<Payment> payment;
  const RestAnswer read = database_->Transact([&](soci::session& sql) -> RestAnswer {
    payment = FindPayment(sql, request.Text("paymentId"));
    if (!payment || payment->payer != asker.username) return Refusal(404, "Payment not found");
    return {};
  });
  if (read.status != 200) return read;
  const auto result = [](const char* name, const std::string& error) -> RestAnswer {
    return {200, Value::Object({{"result", Value::String(name)}, {"errorMsg", Value::String(error)}})};
  };
  // Pressed twice, it is paid once.
  if (payment->status == "Confirmed") return result("SUCCESS", "");
  const Value task = FindTask("makepayment", payment->ref_id, asker.username, {"ready"});
  if (task.is_null()) return Refusal(409, "The payment is not authorised");
  const Value instance = Settle(AnswerTask(task, "pay", Value::Object({})), {"what-now"});
  if (TextOf(instance, "status") == "completed") return result("SUCCESS", "");
  if (IsIn(instance, "what-now")) return result("FAIL", TextOf(At(instance, "variables"), "problem"));
  return Refusal(503, "The payment is being made; please ask again");
}

void PaymentService::LeaveTask(const std::string& instance_id) {
  const Value open = At(engine_.Get("/v1/tasks?instance=" + instance_id, {}, kEngineTimeoutMs).body, "items");
  if (open.is_list() && !open.as_list().empty()) AnswerTask(open.as_list()[0], "leave", Value::Object({}), "");
}

RestAnswer PaymentService::TopUp(const RestRequest& request) {
  const Asker asker = sessions_.WhoAsks(request);
  if (asker.username.empty()) return asker.refusal;
  const std::optional<long long> amount = request.Integer("amount");
  const std::string token = request.Text("tokenId"), method = MethodOfTopUp(request);
  if (!amount || *amount <= 0) return Refusal(400, "A positive amount in minor units should be provided");
  if (method.empty()) return Refusal(400, "A wallet is topped up by CARD or SBP");
  const std::string key =
      asker.username + "/" + (request.idempotency_key.empty() ? NewGuid() : request.idempotency_key);
  const RestReply started =
      engine_.Post("/v1/instances?wait=8s&until=amount",
                   Value::Object({{"process", Value::String("wallet-topup")},
                                  {"input", Value::Object({{"sessionRef", Value::String(asker.session_ref)}})}}),
                   "topup/" + key, kEngineTimeoutMs);
  if (started.status == 409) return Refusal(409, "The Idempotency-Key was used for another request");
  const std::string id = TextOf(started.body, "id");
  const RestReply tasks = engine_.Get("/v1/tasks?instance=" + id, {}, kEngineTimeoutMs);
  const Value open = At(tasks.body, "items");
  if (id.empty() || !open.is_list()) return Refusal(503, "The top-up could not be started");
  if (!open.as_list().empty()) {
    // What comes of it is decided with the answer.
    const Value answered =
        AnswerTask(open.as_list()[0], "top-up", Value::Object({{"amount", Value::Int(*amount)}}), "");
    if (IsIn(answered, "amount")) {
      LeaveTask(id);
      return Refusal(400, TextOf(At(answered, "variables"), "problem"));
    }
  }
  std::vector<MapEntry> choice = {{Value::String("method"), Value::String(method)}};
  if (!token.empty()) choice.emplace_back(Value::String("tokenId"), Value::String(token));
  const std::string ref = "topup-" + id;
  const RestAnswer chosen = Choose(asker.username, ref, Value::Map(std::move(choice)));
  if (chosen.status != 200) return chosen;
  std::vector<MapEntry> begun = chosen.body.as_map();
  begun.emplace_back(Value::String("refId"), Value::String(ref));
  return {201, Value::Map(std::move(begun))};
}

RestAnswer PaymentService::Activate(const RestRequest& request) {
  const Asker asker = sessions_.WhoAsks(request);
  if (asker.username.empty()) return asker.refusal;
  std::string ref;
  if (RestAnswer deposited = Deposit(request, asker.username, ref); deposited.status != 201) return deposited;
  RestRequest lookup;
  lookup.parameters["ref"] = ref;
  lookup.idempotency_key = "activate/" + ref;
  lookup.body = Value::Object({{"username", Value::String(asker.username)}});
  if (RestAnswer found = LookupCode(lookup); found.status != 200) return found;
  const RestReply reply =
      engine_.Post("/v1/instances?wait=8s&until=enter-code",
                   Value::Object({{"process", Value::String("giftcard-activation")},
                                  {"input", Value::Object({{"username", Value::String(asker.username)},
                                                           {"activationRef", Value::String(ref)}})}}),
                   "activate/" + ref, kEngineTimeoutMs);
  if (TextOf(reply.body, "status") == "completed") return {200, At(reply.body, "output")};
  if (IsIn(reply.body, "enter-code")) {
    LeaveTask(TextOf(reply.body, "id"));
    return Refusal(409, TextOf(At(reply.body, "variables"), "problem"));
  }
  return Refusal(503, "The gift card is being activated; please look at your gift cards");
}

}  // namespace fermata::shop
