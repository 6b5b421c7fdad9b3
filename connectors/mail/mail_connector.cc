#include "connectors/mail/mail_connector.h"

#include <ctime>
#include <utility>

#include "connectors/mail/codes.h"
#include "connectors/mail/message.h"
#include "connectors/mail/smtp.h"
#include "connectors/mail/templates.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

constexpr std::string_view kManifest = R"(connector: mail
version: 1.0.0
kind: builtin
title: Mails from templates
operations:
  send:
    title: Send one mail to one address
    input:
      type: object
      required: [to, template]
      additionalProperties: false
      properties:
        to: { type: string, format: email, maxLength: 254 }
        template: { type: string, pattern: "^[a-z0-9-]+$" }
        language: { type: string, pattern: "^[a-z]{2}$", description: "English if it is not given, or has no such template" }
        data: { type: object, description: "the values of the template" }
        channel: { enum: [email] }
    output: { type: object, required: [messageId], properties: { messageId: { type: string } } }
    errors: [unknown-template, bad-address, refused]
    timeout: 20s
    retry: { attempts: 5, first: 2s, factor: 2, max: 5m, on: [unavailable, timeout] }
    limits: { concurrency: 8 }
)";

std::string Text(const Value& input, std::string_view key) {
  const Value* value = input.Find(key);
  return value && value->is_string() ? std::string(value->as_string()) : "";
}

class MailConnector final : public Connector {
 public:
  MailConnector(MailOptions options, std::shared_ptr<const SecretSource> secrets)
      : options_(std::move(options)), secrets_(std::move(secrets)), templates_(options_.templates) {}

  std::string_view ManifestYaml() const override { return kManifest; }

  Outcome Run(const Job& job) override {
    if (job.operation != "send")
      return TechnicalFailure{
          TechnicalError::kInternal,
          "Expected an operation of the connector mail, but it has none called '" + job.operation + "'."};
    const std::string language = Text(job.input, "language");
    const Value* data = job.input.Find("data");
    Result<MailText> text =
        templates_.Render(Text(job.input, "template"), language.empty() ? "en" : language, data ? *data : Value());
    if (!text.ok()) return OutcomeOf(text.error());

    MailMessage mail{.from = options_.from, .to = Text(job.input, "to"), .from_name = options_.from_name};
    mail.subject = std::move(text->subject);
    mail.text = std::move(text->text);
    mail.html = std::move(text->html);
    mail.message_id = MessageIdOf(job.idempotency_key, options_.from.substr(options_.from.find('@') + 1));
    mail.date_seconds = std::time(nullptr);
    Result<std::string> message = BuildMessage(mail);
    if (!message.ok()) return OutcomeOf(message.error());
    if (message->size() > kMailBytesMax)
      return TechnicalFailure{TechnicalError::kInternal, "Expected a mail of at most 1 MiB, but it has " +
                                                             std::to_string(message->size()) + " bytes."};
    return Send(mail, *message, job);
  }

 private:
  Outcome Send(const MailMessage& mail, const std::string& message, const Job& job) {
    SmtpServer server{.url = options_.smtp_url, .user = options_.user};
    if (!options_.user.empty()) {
      Result<std::optional<std::string>> password = secrets_->Find(options_.password_secret);
      if (!password.ok()) return TechnicalFailure{TechnicalError::kInternal, password.error().message};
      if (!password->has_value())
        return TechnicalFailure{TechnicalError::kInternal,
                                "Expected the secret " + options_.password_secret +
                                    " for the connector mail, but there is none of this name."};
      server.password = **std::move(password);
    }
    std::optional<SmtpFailure> failure = SendMail(server, mail.from, mail.to, message, job.deadline);
    if (!failure) return JobSuccess{Value::Object({{"messageId", Value::String(mail.message_id)}})};
    const std::string text = "Expected the mail server to take the mail, but " + failure->reason + ".";
    if (!failure->technical) return BusinessFailure{"refused", text, Value()};
    return TechnicalFailure{*failure->technical, text};
  }

  static Outcome OutcomeOf(const Error& error) {
    if (error.code == kMailTemplateUnknown) return BusinessFailure{"unknown-template", error.message, Value()};
    if (error.code == kMailAddressRefused) return BusinessFailure{"bad-address", error.message, Value()};
    return TechnicalFailure{TechnicalError::kInternal, error.message};
  }

  const MailOptions options_;
  const std::shared_ptr<const SecretSource> secrets_;
  const MailTemplates templates_;
};

}  // namespace

std::unique_ptr<Connector> MakeMailConnector(MailOptions options, std::shared_ptr<const SecretSource> secrets) {
  FERMATA_ASSERT(secrets != nullptr || options.user.empty());
  return std::make_unique<MailConnector>(std::move(options), std::move(secrets));
}

}  // namespace fermata
