// The language server as an editor has it: the real binary, frames on its stdin and stdout, and its exit code.
#include <sstream>

#include <gtest/gtest.h>

#include "api/lsp/frames.h"
#include "api/lsp/protocol.h"
#include "engine/model/json.h"
#include "tests/integration/support/fermata_server.h"
#include "tests/support/temp_folder.h"

namespace fermata::test {
namespace {

class EditorSession {
 public:
  void Send(const std::string& json) { WriteFrame(json, input_); }
  void SendRaw(const std::string& text) { input_ << text; }
  void Open(const std::string& uri, const std::string& text) {
    std::string quoted;
    AppendJsonString(text, quoted);
    Send(R"({"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":")" + uri +
         R"(","languageId":"yaml","version":1,"text":)" + quoted + "}}}");
  }
  // Runs the binary on all that was sent.
  int Run() {
    const CommandResult result = RunCommand({FERMATA_BINARY, "lsp"}, input_.str());
    std::istringstream output(result.out);
    for (Frame frame = ReadFrame(output); frame.kind == Frame::Kind::kMessage; frame = ReadFrame(output))
      said_.push_back(*ParseJson(frame.body));
    return result.exit_code;
  }
  const std::vector<Value>& said() const { return said_; }

 private:
  std::ostringstream input_;
  std::vector<Value> said_;
};

const char* const kInitialize = R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}})";
const char* const kShutdown = R"({"jsonrpc":"2.0","id":99,"method":"shutdown"})";
const char* const kExit = R"({"jsonrpc":"2.0","method":"exit"})";

TEST(LanguageServerBinary, AnEditorsWholeWay) {
  const TempFolder folder;
  const std::string uri = "file://" + folder.File("p.yaml");
  EditorSession session;
  session.Send(kInitialize);
  session.Send(R"({"jsonrpc":"2.0","method":"initialized","params":{}})");
  session.Open(
      uri, "fermata: 1\nprocess: p\nversion: 1.0.0\nstates:\n  a: { call: mail.send, next: bb }\n  b: { end: {} }\n");
  session.Send(R"({"jsonrpc":"2.0","id":2,"method":"textDocument/completion","params":{"textDocument":{"uri":")" + uri +
               R"("},"position":{"line":4,"character":31}}})");
  session.Send(R"({"jsonrpc":"2.0","id":3,"method":"textDocument/hover","params":{"textDocument":{"uri":")" + uri +
               R"("},"position":{"line":4,"character":15}}})");
  session.Send(kShutdown);
  session.Send(kExit);
  EXPECT_EQ(session.Run(), 0);
  ASSERT_EQ(session.said().size(), 5u);
  EXPECT_EQ(TextMember(session.said()[0], "result.serverInfo.name"), "fermata");
  EXPECT_EQ(TextMember(session.said()[1], "method"), "textDocument/publishDiagnostics");
  const std::string diagnostics = WriteJson(session.said()[1]);
  EXPECT_NE(diagnostics.find("FM-2104"), std::string::npos) << diagnostics;
  EXPECT_NE(WriteJson(session.said()[2]).find(R"("label":"b")"), std::string::npos);
  EXPECT_NE(WriteJson(session.said()[3]).find("mail.send"), std::string::npos) << "The built-in connectors are known.";
  EXPECT_TRUE(session.said()[4].Find("result")->is_null());
}

TEST(LanguageServerBinary, ExitWithoutShutdownIs1) {
  EditorSession session;
  session.Send(kInitialize);
  session.Send(kExit);
  EXPECT_EQ(session.Run(), 1);
}

TEST(LanguageServerBinary, AnEditorThatIsGoneIs1) {
  EditorSession session;
  session.Send(kInitialize);
  EXPECT_EQ(session.Run(), 1);
  EditorSession silent;
  EXPECT_EQ(silent.Run(), 1);
}

TEST(LanguageServerBinary, BadFramesHarmNothing) {
  EditorSession session;
  session.SendRaw("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  session.Send("{");
  session.Send("\xff\xfe");
  session.Send(kInitialize);
  session.Send(kShutdown);
  session.Send(kExit);
  EXPECT_EQ(session.Run(), 0);
  EXPECT_EQ(session.said().size(), 5u);
}

}  // namespace
}  // namespace fermata::test
