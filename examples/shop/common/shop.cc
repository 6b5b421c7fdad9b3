#include "examples/shop/common/shop.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "examples/shop/auth/auth.h"
#include "examples/shop/billing/billing.h"
#include "examples/shop/common/secure.h"
#include "examples/shop/notification/notification.h"
#include "examples/shop/order/order.h"
#include "examples/shop/store/store.h"

namespace fermata::shop {
namespace {

constexpr int kThreads = 4;
constexpr ErrorCode kShopCannotStart{7031};

// The key of auth, made on the first start; readable by its owner only.
Result<std::string> ReadOrMakeKey(const std::filesystem::path& path) {
  // O_EXCL: of two first starts at once one makes the key, and the other reads it.
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file >= 0) {
    const std::string fresh = RandomHex(32);
    const bool written =
        ::write(file, fresh.data(), fresh.size()) == static_cast<ssize_t>(fresh.size()) && ::fsync(file) == 0;
    ::close(file);
    if (written) return fresh;
  }
  std::ifstream in(path);
  std::string key;
  if (in >> key && key.size() == 64) return key;
  return Error{.code = kShopCannotStart,
               .message = "Expected the key of auth in " + path.string() + ", but it cannot be read or made."};
}

}  // namespace

Shop::Shop() = default;
Shop::~Shop() { Stop(); }

Result<std::vector<std::pair<std::string, std::string>>> Shop::Start(const ShopOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.data, error);
  if (error)
    return Error{.code = kShopCannotStart,
                 .message = "Expected to make the folder " + options.data + ", but: " + error.message()};
  const std::string database = options.database_url.empty() ? "sqlite://" + options.data : options.database_url;
  auto wanted = [&](std::string_view name) { return options.only.empty() || options.only == name; };
  std::vector<std::pair<std::string, std::string>> started;
  // Where a service is that the options do not name.
  auto url_of = [&](const std::string& given, std::string_view name, int usual) {
    if (!given.empty()) return given;
    for (const auto& [service, url] : started)
      if (service == name) return url;
    return "http://127.0.0.1:" + std::to_string(options.port_base + usual - kAuthPort);
  };
  auto port = [&](int usual) { return options.port_base == 0 ? 0 : options.port_base + usual - kAuthPort; };

  if (wanted("notification")) {
    auto service = NotificationService::Open(
        {.database_url = database, .smtp_url = options.smtp_url, .templates = options.mail_templates});
    if (!service.ok()) return std::move(service).error();
    notification_ = *std::move(service);
    Result<std::string> url = notification_server_.Start(notification_->Routes(), port(kNotificationPort), kThreads);
    if (!url.ok()) return std::move(url).error();
    started.emplace_back("notification", *url);
  }
  if (wanted("billing")) {
    auto service = BillingService::Open(database);
    if (!service.ok()) return std::move(service).error();
    billing_ = *std::move(service);
    Result<std::string> url = billing_server_.Start(billing_->Routes(), port(kBillingPort), kThreads);
    if (!url.ok()) return std::move(url).error();
    started.emplace_back("billing", *url);
  }
  if (wanted("store")) {
    auto service = StoreService::Open(database, options.clock ? *options.clock : SystemClock());
    if (!service.ok()) return std::move(service).error();
    store_ = *std::move(service);
    Result<std::string> url = store_server_.Start(store_->Routes(), port(kStorePort), kThreads);
    if (!url.ok()) return std::move(url).error();
    started.emplace_back("store", *url);
  }
  if (wanted("auth")) {
    Result<std::string> key = ReadOrMakeKey(std::filesystem::path(options.data) / "auth.key");
    if (!key.ok()) return std::move(key).error();
    auto service =
        AuthService::Open({.database_url = database,
                           .engine_url = options.engine_url,
                           .notification_url = url_of(options.notification_url, "notification", kNotificationPort),
                           .key = *key,
                           .verify_contact = options.verify_contact,
                           .clock = options.clock});
    if (!service.ok()) return std::move(service).error();
    auth_ = *std::move(service);
    Result<std::string> url = auth_server_.Start(auth_->Routes(), port(kAuthPort), kThreads);
    if (!url.ok()) return std::move(url).error();
    started.emplace_back("auth", *url);
  }
  if (wanted("order")) {
    auto service = OrderService::Open({.database_url = database,
                                       .auth_url = url_of(options.auth_url, "auth", kAuthPort),
                                       .store_url = url_of(options.store_url, "store", kStorePort),
                                       .engine_url = options.engine_url});
    if (!service.ok()) return std::move(service).error();
    order_ = *std::move(service);
    Result<std::string> url = order_server_.Start(order_->Routes(), port(kOrderPort), kThreads);
    if (!url.ok()) return std::move(url).error();
    started.emplace_back("order", *url);
  }
  return started;
}

void Shop::Stop() {
  order_server_.Stop();
  auth_server_.Stop();
  billing_server_.Stop();
  notification_server_.Stop();
  store_server_.Stop();
}

}  // namespace fermata::shop
