#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "connectors/sdk/connector.h"
#include "engine/model/json.h"
#include "engine/schema/schema.h"
#include "tests/unit/connectors/conformance/raw_server.h"
#include "tests/unit/connectors/conformance/subjects.h"
#include "tests/unit/connectors/conformance/world.h"

namespace fermata {
namespace {

using test::Describe;
using test::World;

std::string Text(const Value& map, std::string_view key) {
  const Value* value = map.Find(key);
  return value && value->is_string() ? std::string(value->as_string()) : "";
}

Value At(const Value& map, std::string_view key) {
  const Value* value = map.is_map() ? map.Find(key) : nullptr;
  return value ? *value : Value();
}

// Whether what `part` names is in `whole` as well; null names nothing, lists are compared item by item.
bool Contains(const Value& whole, const Value& part) {
  if (part.is_null()) return true;
  if (part.is_map()) {
    for (const auto& [key, value] : part.as_map())
      if (!whole.is_map() || !whole.Find(key.as_string()) || !Contains(At(whole, key.as_string()), value)) return false;
    return true;
  }
  if (!part.is_list() || !whole.is_list()) return whole == part;
  if (whole.as_list().size() != part.as_list().size()) return false;
  for (std::size_t i = 0; i < part.as_list().size(); ++i)
    if (!Contains(whole.as_list()[i], part.as_list()[i])) return false;
  return true;
}

// Plays calls/CONNECTOR.yaml on the real service, in a world of its own, row by row.
class CallsTest : public testing::TestWithParam<std::string> {
 protected:
  CallsTest()
      : world_(GetParam()),
        connector_(test::MakeShopConnector(GetParam(), world_.port(GetParam()))),
        manifest_(test::ManifestOf(*connector_)) {}

  void Play(const Value& row) {
    const std::string operation = Text(row, "call");
    SCOPED_TRACE("row " + std::to_string(++row_) + ": " + operation + Text(row, "ask"));
    if (operation.empty())
      Ask(row);
    else
      Call(row, operation);
  }

  // "$name" stands for what a row has kept.
  Value Fill(const Value& value) const {
    if (value.is_map()) {
      std::vector<MapEntry> entries;
      for (const auto& [key, entry] : value.as_map()) entries.emplace_back(key, Fill(entry));
      return Value::Map(std::move(entries));
    }
    if (value.is_list()) {
      std::vector<Value> items;
      for (const Value& item : value.as_list()) items.push_back(Fill(item));
      return Value::List(std::move(items));
    }
    if (!value.is_string()) return value;
    std::string text(value.as_string());
    for (const auto& [name, kept] : kept_) {
      if (text == "$" + name) return kept;
      const std::size_t at = text.find("$" + name);
      if (at != std::string::npos && kept.is_string()) text.replace(at, name.size() + 1, std::string(kept.as_string()));
    }
    return Value::String(text);
  }

  void Keep(const Value& row, const Value& answer) {
    const Value kept = At(row, "keep");
    if (!kept.is_map()) return;
    for (const auto& [name, field] : kept.as_map()) {
      Value value = answer;
      const std::string path(field.as_string());
      for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find('.', at), path.size());
        value = At(value, path.substr(at, end - at));
        at = end + 1;
      }
      EXPECT_FALSE(value.is_null()) << "There is no " << path << " in " << WriteJson(answer);
      kept_[std::string(name.as_string())] = value;
    }
  }

  // What a customer or the staff asks of a service.
  void Ask(const Value& row) {
    const std::string request(Fill(At(row, "ask")).as_string());
    const test::ClientResponse response = world_.Ask(request, Fill(At(row, "body")), Text(row, "as"));
    const Value wanted = At(row, "answers");
    EXPECT_TRUE(wanted.is_null() ? response.status / 100 == 2 : response.status == wanted.as_int())
        << response.status << " " << response.body;
    const Result<Value> parsed = ParseJson(response.body);
    const Value answer = parsed.ok() ? *parsed : Value();
    EXPECT_TRUE(Contains(answer, Fill(At(row, "shows"))))
        << WriteJson(Fill(At(row, "shows"))) << " is not in " << response.body;
    Keep(row, answer);
  }

  void Call(const Value& row, const std::string& name) {
    const OperationManifest* operation = manifest_->Find(name);
    ASSERT_NE(operation, nullptr);
    const Value with = At(row, "with");
    Job job{.idempotency_key = GetParam() + "/" + std::to_string(row_),
            .connector = GetParam(),
            .operation = name,
            .input = with.is_null() ? Value::Object({}) : Fill(with)};
    for (const SchemaViolation& violation : Validate(*operation->input, job.input))
      ADD_FAILURE() << violation.path << ": " << violation.message;
    // What the service cannot be brought to say is said in its place.
    const Value said = At(row, "said");
    const auto run = [&] {
      return said.is_null() ? Run(*connector_, job) : RunAgainst(static_cast<int>(said.as_int()), job);
    };
    const Outcome outcome = run(), again = run();
    EXPECT_EQ(Describe(again), Describe(outcome)) << "The same key has another answer.";
    const std::string error = Text(row, "error");
    if (const auto* success = std::get_if<JobSuccess>(&outcome); success && error.empty()) {
      if (succeeded_.insert(name).second) ExpectTechnicalFailuresOf(job);
      if (operation->output)
        for (const SchemaViolation& violation : Validate(*operation->output, success->output))
          ADD_FAILURE() << violation.path << ": " << violation.message << " " << WriteJson(success->output);
      EXPECT_TRUE(Contains(success->output, Fill(At(row, "gives")))) << WriteJson(success->output);
      Keep(row, success->output);
      return;
    }
    const auto* failure = std::get_if<BusinessFailure>(&outcome);
    ASSERT_TRUE(failure && failure->name == error) << "Expected '" << error << "', but " << Describe(outcome);
    EXPECT_FALSE(failure->message.empty());
    EXPECT_TRUE(Contains(failure->data, Fill(At(row, "data")))) << WriteJson(failure->data);
    raised_.insert(name + ": " + error);
  }

  // Whatever the operation: a service that is busy, and one that does not know it.
  void ExpectTechnicalFailuresOf(const Job& job) {
    for (const auto& [status, error] :
         {std::pair(503, TechnicalError::kUnavailable), {405, TechnicalError::kInternal}}) {
      const Outcome outcome = RunAgainst(status, job);
      const auto* failure = std::get_if<TechnicalFailure>(&outcome);
      EXPECT_TRUE(failure && failure->error == error) << status << ": " << Describe(outcome);
    }
  }

  // What the connector makes of this answer.
  static Outcome RunAgainst(int status, const Job& job) {
    test::RawServer server("HTTP/1.1 " + std::to_string(status) + " Refused\r\nContent-Type: application/json\r\n" +
                           "Connection: close\r\nContent-Length: 21\r\n\r\n{\"errorMessage\":\"No\"}");
    return Run(*test::MakeShopConnector(GetParam(), server.port()), job);
  }

  static Outcome Run(Connector& connector, Job job) {
    job.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    Outcome outcome = connector.Run(job);
    EXPECT_EQ(Describe(outcome).find(test::kSecret), std::string::npos) << "A secret stands in the outcome.";
    return outcome;
  }

  World world_;
  const std::unique_ptr<Connector> connector_;
  const ManifestPtr manifest_;
  std::map<std::string, Value> kept_;
  std::set<std::string> succeeded_, raised_;
  int row_ = 0;
};

TEST_P(CallsTest, EveryOperationAndErrorOfTheManifestIsThereInTheRealService) {
  ASSERT_NE(manifest_, nullptr);
  const Value rows = At(test::CallsOf(GetParam()), "calls");
  ASSERT_TRUE(rows.is_list());
  for (const Value& row : rows.as_list()) Play(row);
  for (const OperationManifest& operation : manifest_->operations) {
    EXPECT_TRUE(succeeded_.count(operation.name)) << operation.name << " is never seen to succeed.";
    for (const std::string& error : operation.errors)
      EXPECT_TRUE(raised_.count(operation.name + ": " + error)) << operation.name << " never raises " << error << ".";
  }
}

INSTANTIATE_TEST_SUITE_P(All, CallsTest,
                         testing::Values("auth", "bank", "billing", "delivery", "files", "notification", "order",
                                         "payment", "store"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace fermata
