#include <gtest/gtest.h>

#include "engine/schema/schema.h"
#include "tests/unit/connectors/conformance/raw_server.h"
#include "tests/unit/connectors/conformance/subjects.h"

namespace fermata {
namespace {

using namespace std::chrono_literals;
using test::Describe;
using test::RawServer;
using test::Subject;

class ConformanceTest : public testing::TestWithParam<Subject> {
 protected:
  // Every outcome of the suite goes through here.
  std::string Run(Connector& connector, const Job& job) {
    const Outcome outcome = connector.Run(job);
    const std::string text = Describe(outcome);
    EXPECT_EQ(text.find(test::kSecret), std::string::npos) << "A secret stands in the outcome.";
    last_ = outcome;
    return text.substr(0, text.find_first_of(": "));
  }

  std::string RunAgainst(int port, std::chrono::milliseconds patience = 20s) {
    Job job = GetParam().make_job();
    job.deadline = std::chrono::steady_clock::now() + patience;
    return Run(*GetParam().make(port), job);
  }

  Outcome last_;
};

TEST_P(ConformanceTest, ItsManifestIsSoundAndHasItsName) {
  const auto connector = GetParam().make(1);
  const ManifestPtr manifest = test::ManifestOf(*connector);
  ASSERT_NE(manifest, nullptr);
  EXPECT_EQ(manifest->connector, GetParam().name);
  for (const OperationManifest& operation : manifest->operations) {
    EXPECT_TRUE(operation.timeout_ms.has_value()) << operation.name;
    EXPECT_TRUE(operation.retry.has_value()) << operation.name;
    EXPECT_NE(operation.input, nullptr) << operation.name;
  }
}

TEST_P(ConformanceTest, TheSameKeyTwiceIsOneEffect) {
  const auto connector = GetParam().make(GetParam().service_port());
  const Job job = GetParam().make_job();
  EXPECT_EQ(Run(*connector, job), "success") << Describe(last_);
  const std::string first = Describe(last_);
  EXPECT_EQ(Run(*connector, job), "success") << Describe(last_);
  EXPECT_EQ(Describe(last_), first);
  EXPECT_EQ(GetParam().effects(job), 1);
}

TEST_P(ConformanceTest, ASuccessFitsTheManifest) {
  const auto connector = GetParam().make(GetParam().service_port());
  const Job job = GetParam().make_job();
  ASSERT_EQ(Run(*connector, job), "success") << Describe(last_);
  const ManifestPtr manifest = test::ManifestOf(*connector);
  ASSERT_NE(manifest, nullptr);
  const OperationManifest* operation = manifest->Find(job.operation);
  ASSERT_NE(operation, nullptr);
  if (operation->output != nullptr) {
    EXPECT_TRUE(Validate(*operation->output, std::get<JobSuccess>(last_).output).empty());
  }
  EXPECT_TRUE(Validate(*operation->input, job.input).empty());
}

TEST_P(ConformanceTest, AnUnknownOperationIsInternal) {
  Job job = GetParam().make_job();
  job.operation = "no-such-operation";
  EXPECT_EQ(Run(*GetParam().make(GetParam().service_port()), job), "internal");
}

TEST_P(ConformanceTest, ADeadlineThatHasPassedIsATimeoutWithoutACall) {
  Job job = GetParam().make_job();
  job.deadline = std::chrono::steady_clock::now() - 1s;
  EXPECT_EQ(Run(*GetParam().make(GetParam().service_port()), job), "timeout");
}

TEST_P(ConformanceTest, AServiceThatNeverAnswersIsATimeoutAtTheDeadline) {
  RawServer silent("");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(RunAgainst(silent.port(), 300ms), "timeout");
  EXPECT_GE(std::chrono::steady_clock::now() - start, 250ms);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

TEST_P(ConformanceTest, AServiceThatIsDownIsUnavailable) {
  int port = 0;
  {
    RawServer gone("");
    port = gone.port();
  }
  EXPECT_EQ(RunAgainst(port), "unavailable");
}

TEST_P(ConformanceTest, AnAnswerThatIsNoneIsAnInvalidResponse) {
  RawServer garbage("123 is neither HTTP nor SMTP\r\n\r\n");
  EXPECT_EQ(RunAgainst(garbage.port()), "invalid-response") << Describe(last_);
}

TEST_P(ConformanceTest, AConnectionThatIsCutIsUnavailable) {
  // The beginning of a good answer in either protocol's eyes would differ: here each gets one that ends too soon.
  RawServer cut(GetParam().name == "mail"
                    ? "220 mail"
                    : "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
  EXPECT_EQ(RunAgainst(cut.port()), "unavailable") << Describe(last_);
}

INSTANTIATE_TEST_SUITE_P(All, ConformanceTest, testing::ValuesIn(test::AllSubjects()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace fermata
