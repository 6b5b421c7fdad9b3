#include "api/cli/rest_client.h"

#include <curl/curl.h>

#include "api/cli/codes.h"
#include "engine/base/percent.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

std::size_t Collect(char* bytes, std::size_t size, std::size_t count, void* into) {
  static_cast<std::string*>(into)->append(bytes, size * count);
  return size * count;
}

}  // namespace

class RestClient::Curl {
 public:
  Curl() {
    static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
    FERMATA_ASSERT(initialised == CURLE_OK);
    handle_ = curl_easy_init();
    FERMATA_ASSERT(handle_ != nullptr);
  }
  ~Curl() { curl_easy_cleanup(handle_); }
  Curl(const Curl&) = delete;
  Curl& operator=(const Curl&) = delete;

  // Gives the reason when no answer came.
  std::string Perform(const std::string& url, const RestCall& call, RestAnswer& answer) {
    curl_easy_reset(handle_);
    curl_easy_setopt(handle_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, call.method.c_str());
    curl_easy_setopt(handle_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle_, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
    curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle_, CURLOPT_CONNECTTIMEOUT_MS, 5'000L);
    curl_easy_setopt(handle_, CURLOPT_TIMEOUT_MS, static_cast<long>(call.timeout_ms));
    curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, Collect);
    curl_easy_setopt(handle_, CURLOPT_WRITEDATA, &answer.body);
    curl_slist* headers = curl_slist_append(nullptr, "Expect:");
    if (!call.body.empty()) headers = curl_slist_append(headers, ("Content-Type: " + call.content_type).c_str());
    for (const auto& [name, value] : call.headers) headers = curl_slist_append(headers, (name + ": " + value).c_str());
    curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, headers);
    if (call.method == "POST" || !call.body.empty()) {
      curl_easy_setopt(handle_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
      curl_easy_setopt(handle_, CURLOPT_POSTFIELDS, call.body.c_str());
    }
    const CURLcode code = curl_easy_perform(handle_);
    curl_slist_free_all(headers);
    if (code != CURLE_OK) return curl_easy_strerror(code);
    long status = 0;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    return "";
  }

 private:
  CURL* handle_ = nullptr;
};

RestClient::RestClient(std::string server, std::string api_key)
    : server_(std::move(server)), api_key_(std::move(api_key)), curl_(std::make_unique<Curl>()) {
  while (server_.ends_with('/')) server_.pop_back();
}

RestClient::~RestClient() = default;

Result<RestAnswer> RestClient::Call(const RestCall& call) {
  RestAnswer answer;
  RestCall sent = call;
  if (!api_key_.empty()) sent.headers.emplace_back("Authorization", "Bearer " + api_key_);
  const std::string reason = curl_->Perform(server_ + call.path, sent, answer);
  if (!reason.empty())
    return Error{kServerUnreachable, "Expected a server at " + server_ + ", but: " + reason + ".", "",
                 "Start one with 'fermata serve', or name another with --server or FERMATA_SERVER."};
  if (Result<Value> json = ParseJson(answer.body); json.ok()) answer.json = std::move(*json);
  return answer;
}

std::string QueryOf(const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string query;
  for (const auto& [name, value] : parameters)
    if (!value.empty()) query += (query.empty() ? "?" : "&") + name + "=" + PercentEncode(value);
  return query;
}

}  // namespace fermata
