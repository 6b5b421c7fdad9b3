// A real mail server for tests: examples/shop/mailbox/mailbox.py on free ports, with a folder of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/temp_folder.h"

namespace fermata::test {

struct Mail {
  std::string to, from, subject, message_id, text, html;
};

// Addresses that begin with "refused@" get 550, those with "later@" 451. What reads is thread-safe.
class Mailbox {
 public:
  // Ends the test program if it cannot be started.
  Mailbox();

  const std::string& smtp_url() const { return smtp_url_; }
  // Where SMS and push messages go. Telephones that begin with "+000" get 422, those with "+999" 503.
  const std::string& gateway_url() const { return gateway_url_; }
  // The mails to this address, newest first, as soon as there are `count` of them (or after 9 seconds).
  std::vector<Mail> MailsTo(const std::string& address, int count);
  // The SMS and push messages to this telephone or device, likewise: each as "kind|title|text".
  std::vector<std::string> TextsTo(const std::string& address, int count);
  // A mail as it came, by its place (the first is 1).
  std::string Raw(int number);

 private:
  TempFolder folder_;
  std::unique_ptr<ChildProcess> process_;
  std::string smtp_url_, gateway_url_;
  int http_port_ = 0;
};

// The first run of six digits that stands alone in its line: a verification mail's code. Empty if there is none.
std::string CodeIn(const std::string& text);

}  // namespace fermata::test
