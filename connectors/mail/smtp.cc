#include "connectors/mail/smtp.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>

#include "engine/base/assert.h"

namespace fermata {
namespace {

struct Upload {
  const std::string& text;
  std::size_t at = 0;
};

std::size_t ReadUpload(char* target, std::size_t unit, std::size_t count, void* user) {
  auto& upload = *static_cast<Upload*>(user);
  const std::size_t size = std::min(unit * count, upload.text.size() - upload.at);
  std::memcpy(target, upload.text.data() + upload.at, size);
  upload.at += size;
  return size;
}

SmtpFailure FailureOf(CURLcode code, long reply) {
  if (code == CURLE_OPERATION_TIMEDOUT) return {TechnicalError::kTimeout, "it was not done in time"};
  if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST)
    return {TechnicalError::kUnavailable, "there is no connection to it"};
  if (code == CURLE_USE_SSL_FAILED || code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR)
    return {TechnicalError::kUnavailable, "no trusted TLS connection could be made"};
  if (code == CURLE_LOGIN_DENIED) return {TechnicalError::kInternal, "it refused the user or the password"};
  const std::string replied = "its reply was " + std::to_string(reply);
  // The greeting was not 220: no service for now (421, 554), or no mail server at all.
  if (code == CURLE_WEIRD_SERVER_REPLY && (reply < 400 || reply > 599))
    return {TechnicalError::kInvalidResponse, "it does not speak SMTP"};
  if (code == CURLE_WEIRD_SERVER_REPLY) return {TechnicalError::kUnavailable, replied};
  if (reply >= 500 && reply <= 599) return {std::nullopt, replied};
  if (reply >= 400 && reply <= 499) return {TechnicalError::kUnavailable, replied};
  return {TechnicalError::kUnavailable, "the connection was lost (curl error " + std::to_string(code) + ")"};
}

}  // namespace

std::optional<SmtpFailure> SendMail(const SmtpServer& server, const std::string& from, const std::string& to,
                                    const std::string& message, std::chrono::steady_clock::time_point deadline) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  if (left.count() <= 0) return SmtpFailure{TechnicalError::kTimeout, "it was not done in time"};

  std::unique_ptr<CURL, void (*)(CURL*)> owner(curl_easy_init(), curl_easy_cleanup);
  FERMATA_ASSERT(owner != nullptr);
  CURL* curl = owner.get();
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> recipients(
      curl_slist_append(nullptr, ("<" + to + ">").c_str()), curl_slist_free_all);
  Upload upload{message};
  // What follows the host is the name that we greet with.
  curl_easy_setopt(curl, CURLOPT_URL, (server.url + "/fermata").c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(left.count()));
  curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, static_cast<long>(left.count() / 1000 + 1));
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, ("<" + from + ">").c_str());
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients.get());
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, ReadUpload);
  curl_easy_setopt(curl, CURLOPT_READDATA, &upload);
  if (server.user.empty()) {
    curl_easy_setopt(curl, CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_TRY));
  } else {
    curl_easy_setopt(curl, CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
    curl_easy_setopt(curl, CURLOPT_USERNAME, server.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, server.password.c_str());
  }
  const CURLcode code = curl_easy_perform(curl);
  if (code == CURLE_OK) return std::nullopt;
  long reply = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply);
  return FailureOf(code, reply);
}

}  // namespace fermata
