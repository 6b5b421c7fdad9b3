#include "connectors/http/transport.h"

#include <curl/curl.h>

#include <algorithm>
#include <ctime>
#include <mutex>

#include "engine/base/assert.h"

namespace fermata {
namespace {

using Clock = std::chrono::steady_clock;

// Collects an answer and stops curl when it grows beyond its bounds.
struct Receiver {
  HttpAnswer answer;
  std::size_t body_bytes_max = 0;
  std::size_t head_bytes = 0;
  bool too_large = false;
  bool is_interim = false;
  std::optional<Clock::time_point> head_ended;  // of the final answer
};

std::size_t ReceiveBody(char* data, std::size_t, std::size_t size, void* user) {
  auto& receiver = *static_cast<Receiver*>(user);
  if (receiver.answer.body.size() + size > receiver.body_bytes_max) {
    receiver.too_large = true;
    return 0;
  }
  receiver.answer.body.append(data, size);
  return size;
}

std::size_t ReceiveHeader(char* data, std::size_t, std::size_t size, void* user) {
  auto& receiver = *static_cast<Receiver*>(user);
  receiver.head_bytes += size;
  if (receiver.head_bytes > kConnectorAnswerHeadBytesMax) {
    receiver.too_large = true;
    return 0;
  }
  std::string_view line(data, size);
  // A new status line: what came before was an interim answer (100 Continue).
  if (line.starts_with("HTTP/")) {
    receiver.answer.headers.clear();
    receiver.is_interim = line.substr(std::min(line.find(' '), line.size())).starts_with(" 1");
    return size;
  }
  if ((line == "\r\n" || line == "\n") && !receiver.is_interim && !receiver.head_ended)
    receiver.head_ended = Clock::now();
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == '\r' || value.back() == '\n' || value.back() == ' '))
    value.remove_suffix(1);
  receiver.answer.headers.emplace_back(std::move(name), value);
  return size;
}

constexpr const char* kForbiddenReason =
    "the server may not call this address (--allow-host says where it may call to)";

// Of one exchange: what its connections are held against.
struct Door {
  const EgressRules& rules;
  std::string host;
  bool refused = false;
};

// In the place of socket(): after the name was resolved, before anything is sent.
curl_socket_t OpenSocket(void* user, curlsocktype, curl_sockaddr* address) {
  auto& door = *static_cast<Door*>(user);
  if (!door.rules.AllowsAddress(door.host, address->addr)) {
    door.refused = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// What ends an exchange while it is under way.
struct Watch {
  const HttpCall& call;
  const Receiver& receiver;
};

// Called while curl waits, at least once a second; anything but 0 ends the exchange.
int LookForStop(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& [call, receiver] = *static_cast<const Watch*>(user);
  if (call.stop != nullptr && call.stop->load()) return 1;
  const auto body_time = std::chrono::milliseconds(call.body_ms_max);
  return call.body_ms_max > 0 && receiver.head_ended && Clock::now() - *receiver.head_ended > body_time ? 1 : 0;
}

HttpFailure FailureOf(CURLcode code, const Receiver& receiver) {
  if (receiver.too_large) return {TechnicalError::kInvalidResponse, "the answer was larger than allowed"};
  switch (code) {
    case CURLE_ABORTED_BY_CALLBACK:
      return {TechnicalError::kUnavailable, "the server stopped before the answer was complete"};
    case CURLE_OPERATION_TIMEDOUT:
      return {TechnicalError::kTimeout, "no complete answer came in time"};
    case CURLE_COULDNT_CONNECT:
      return {TechnicalError::kUnavailable, "the connection could not be made"};
    case CURLE_COULDNT_RESOLVE_HOST:
      return {TechnicalError::kUnavailable, "the host's name could not be resolved"};
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
      return {TechnicalError::kUnavailable, "the connection was lost before the answer was complete"};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
      return {TechnicalError::kUnavailable, "the TLS handshake failed or the certificate is not trusted"};
    case CURLE_URL_MALFORMAT:
      return {TechnicalError::kInternal, "the URL is no http or https URL"};
    // Unsupported is the answer's HTTP/0.9: the scheme of a URL was checked with the manifest.
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return {TechnicalError::kInvalidResponse, "the answer was no HTTP"};
    default:
      return {TechnicalError::kUnavailable, "the exchange failed (curl error " + std::to_string(code) + ")"};
  }
}

// A list of header lines for curl, freed with the call.
class HeaderLines {
 public:
  ~HeaderLines() { curl_slist_free_all(lines_); }
  void Add(const std::string& line) { lines_ = curl_slist_append(lines_, line.c_str()); }
  curl_slist* get() const { return lines_; }

 private:
  curl_slist* lines_ = nullptr;
};

void SetOptions(CURL* curl, const HttpCall& call, std::int64_t timeout_ms) {
  curl_easy_setopt(curl, CURLOPT_URL, call.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  // Segments such as "%2e%2e" go out as they were written.
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_ms));
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeout_ms));
  // One request on a connection at a time, so HTTP/2 would gain nothing.
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call.method.c_str());
  if (call.method == "HEAD") curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  if (call.body) {
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call.body->data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body->size()));
  }
}

}  // namespace

const std::string* HttpAnswer::Find(std::string_view name) const {
  for (const auto& [candidate, value] : headers)
    if (candidate == name) return &value;
  return nullptr;
}

// Idle curl handles; each keeps its open connections.
class HttpTransport::Handles {
 public:
  Handles() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  }
  ~Handles() {
    for (CURL* handle : idle_) curl_easy_cleanup(handle);
  }

  CURL* Take() {
    {
      std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        CURL* handle = idle_.back();
        idle_.pop_back();
        return handle;
      }
    }
    CURL* handle = curl_easy_init();
    FERMATA_ASSERT(handle != nullptr);
    return handle;
  }

  void Give(CURL* handle) {
    // Forgets the options, which point into the finished call, and keeps the connections.
    curl_easy_reset(handle);
    {
      std::lock_guard lock(mutex_);
      if (idle_.size() < kHttpHandlesMax) {
        idle_.push_back(handle);
        return;
      }
    }
    curl_easy_cleanup(handle);
  }

 private:
  std::mutex mutex_;
  std::vector<CURL*> idle_;
};

HttpTransport::HttpTransport(EgressRules rules) : rules_(std::move(rules)), handles_(std::make_unique<Handles>()) {}
HttpTransport::~HttpTransport() = default;

std::variant<HttpAnswer, HttpFailure> HttpTransport::Exchange(const HttpCall& call) {
  const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(call.deadline - Clock::now());
  // 0 would mean "no limit" to curl.
  if (timeout.count() <= 0) return HttpFailure{TechnicalError::kTimeout, "the time for it had already passed"};

  Door door{rules_, HostOfUrl(call.url)};
  if (!rules_.AllowsHost(door.host)) return HttpFailure{TechnicalError::kUnavailable, kForbiddenReason};

  HeaderLines lines;
  for (const auto& [name, value] : call.headers) {
    FERMATA_ASSERT(IsHeaderValue(name) && IsHeaderValue(value));
    // "Name;" is curl's way to write a header without a value.
    lines.Add(value.empty() ? name + ";" : name + ": " + value);
  }
  // curl would wait for "100 Continue" before larger bodies.
  lines.Add("Expect:");

  Receiver receiver{.body_bytes_max = call.answer_bytes_max};
  CURL* curl = handles_->Take();
  SetOptions(curl, call, timeout.count());
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, OpenSocket);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &door);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines.get());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ReceiveBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &receiver);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, ReceiveHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &receiver);
  Watch watch{call, receiver};
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, LookForStop);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &watch);
  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  handles_->Give(curl);
  if (code == CURLE_COULDNT_CONNECT && door.refused) return HttpFailure{TechnicalError::kUnavailable, kForbiddenReason};
  const bool head_is_enough = call.body_ms_max > 0 && receiver.head_ended;
  if (code != CURLE_OK && !head_is_enough) return FailureOf(code, receiver);
  receiver.answer.status = static_cast<int>(status);
  return std::move(receiver.answer);
}

std::int64_t RetryAfterMs(const HttpAnswer& answer, std::int64_t ms_max) {
  const std::string* text = answer.Find("retry-after");
  if (text == nullptr || text->empty()) return 0;
  std::int64_t seconds = 0;
  if (text->size() <= 9 && std::all_of(text->begin(), text->end(), [](char c) { return c >= '0' && c <= '9'; })) {
    seconds = std::stoll(*text);
  } else {
    const std::time_t at = curl_getdate(text->c_str(), nullptr);
    if (at > 0) seconds = std::max<std::int64_t>(0, at - std::time(nullptr));
  }
  return std::min(seconds * 1000, ms_max);
}

bool IsHeaderValue(std::string_view value) {
  return value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace fermata
