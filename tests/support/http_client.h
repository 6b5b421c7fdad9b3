// HTTP over plain sockets for tests: bytes as a test wants them, or whole exchanges.
//
// Not thread-safe: one thread a client. Every wait ends after kPatienceMs, then the call gives what there is.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fermata::test {

inline constexpr int kPatienceMs = 10'000;

// A TCP connection to 127.0.0.1.
class RawClient {
 public:
  explicit RawClient(int port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return fd_ >= 0; }
  bool Send(std::string_view bytes);  // false: the server has closed
  void HalfClose();                   // says that nothing follows
  void Reset();                       // closes with RST
  void Close();

  // Some more bytes; empty at the end of the stream.
  std::string ReadSome();
  std::string ReadUntil(std::string_view end);  // all bytes up to and with `end`, or what came before the stream ended
  std::string ReadExactly(std::size_t count);   // fewer if the stream ended before
  std::string ReadToEnd();
  // Whether the server closes (or resets) within kPatienceMs, dropping what it still sends.
  bool SeesClose();

 private:
  int fd_ = -1;
  std::string buffer_;
};

struct ClientResponse {
  int status = 0;                                            // 0: no answer
  std::vector<std::pair<std::string, std::string>> headers;  // lower-case names
  std::string body;
  bool complete = false;  // the body ended as its framing says

  std::string Header(std::string_view lower_case_name) const;  // "" without one
};

// Keeps one connection and opens a new one when the server has closed it.
class HttpClient {
 public:
  using Observer = std::function<void(std::string_view method, std::string_view target, const ClientResponse&)>;

  // `observer` (if any) sees every answer.
  explicit HttpClient(int port, Observer observer = {}) : port_(port), observer_(std::move(observer)) {}

  ClientResponse Get(std::string_view target, const std::vector<std::pair<std::string, std::string>>& headers = {});
  ClientResponse Post(std::string_view target, std::string_view body,
                      std::string_view content_type = "application/json",
                      const std::vector<std::pair<std::string, std::string>>& headers = {});
  ClientResponse Request(std::string_view method, std::string_view target,
                         const std::vector<std::pair<std::string, std::string>>& headers, std::string_view body);

 private:
  int port_;
  Observer observer_;
  std::unique_ptr<RawClient> raw_;
};

// Reads one answer. `method` matters for HEAD. Skips interim answers (100).
ClientResponse ReadResponse(RawClient& client, std::string_view method = "GET");

}  // namespace fermata::test
