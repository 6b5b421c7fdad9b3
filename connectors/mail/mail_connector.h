// The connector `mail`: mail.send renders a template and hands the mail to an SMTP server.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "connectors/sdk/connector.h"
#include "connectors/sdk/secrets.h"

namespace fermata {

struct MailOptions {
  std::string smtp_url;         // "smtp://127.0.0.1:2525"
  std::string user;             // empty = no login
  std::string password_secret;  // the name of the secret, not the password
  std::string from = "noreply@localhost";
  std::string from_name;
  std::filesystem::path templates;  // holds a folder a language
};

// Two mails with the same idempotency key have the same Message-ID: mail servers cannot take a mail back, but readers
// can tell a repeat. Thread-safe.
std::unique_ptr<Connector> MakeMailConnector(MailOptions options, std::shared_ptr<const SecretSource> secrets);

}  // namespace fermata
