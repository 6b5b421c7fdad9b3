#include "tests/support/mailbox.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "engine/base/percent.h"
#include "engine/model/json.h"
#include "tests/support/http_client.h"

namespace fermata::test {
namespace {

std::string Text(const Value& map, std::string_view key) {
  const Value* value = map.Find(key);
  return value && value->is_string() ? std::string(value->as_string()) : "";
}

}  // namespace

Mailbox::Mailbox() {
  process_ = std::make_unique<ChildProcess>(std::vector<std::string>{
      "/usr/bin/python3", FERMATA_SOURCE_DIR "/examples/shop/mailbox/mailbox.py", "--folder", folder_.File("mails")});
  const Result<Value> ready = ParseJson(process_->ReadLine());
  if (!ready.ok()) {
    std::fprintf(stderr, "The mailbox did not start (is python3-aiosmtpd installed?)\n");
    std::_Exit(1);
  }
  smtp_url_ = Text(*ready, "smtp");
  gateway_url_ = Text(*ready, "http");
  http_port_ = std::atoi(gateway_url_.substr(gateway_url_.rfind(':') + 1).c_str());
}

std::vector<Mail> Mailbox::MailsTo(const std::string& address, int count) {
  HttpClient client(http_port_);
  const ClientResponse response = client.Get("/messages?to=" + address + "&wait=9&count=" + std::to_string(count));
  const Result<Value> list = ParseJson(response.body);
  std::vector<Mail> mails;
  if (!list.ok() || !list->is_list()) return mails;
  for (const Value& mail : list->as_list())
    mails.push_back({Text(mail, "to"), Text(mail, "from"), Text(mail, "subject"), Text(mail, "messageId"),
                     Text(mail, "text"), Text(mail, "html")});
  return mails;
}

std::vector<std::string> Mailbox::TextsTo(const std::string& address, int count) {
  const ClientResponse response =
      HttpClient(http_port_).Get("/texts?to=" + PercentEncode(address) + "&wait=9&count=" + std::to_string(count));
  const Result<Value> list = ParseJson(response.body);
  std::vector<std::string> texts;
  if (!list.ok() || !list->is_list()) return texts;
  for (const Value& text : list->as_list())
    texts.push_back(Text(text, "kind") + "|" + Text(text, "title") + "|" + Text(text, "text"));
  return texts;
}

std::string Mailbox::Raw(int number) {
  return HttpClient(http_port_).Get("/messages/" + std::to_string(number) + ".eml").body;
}

std::string CodeIn(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::erase_if(line, [](char c) { return c == ' ' || c == '\r'; });
    if (line.size() == 6 && std::all_of(line.begin(), line.end(), [](char c) { return c >= '0' && c <= '9'; }))
      return line;
  }
  return "";
}

}  // namespace fermata::test
