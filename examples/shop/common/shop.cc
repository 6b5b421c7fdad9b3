#include "examples/shop/common/shop.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <type_traits>

#include "examples/shop/auth/auth.h"
#include "examples/shop/billing/billing.h"
#include "examples/shop/common/secure.h"
#include "examples/shop/delivery/delivery.h"
#include "examples/shop/files/files.h"
#include "examples/shop/notification/notification.h"
#include "examples/shop/order/order.h"
#include "examples/shop/payment/payment.h"
#include "examples/shop/store/store.h"

namespace fermata::shop {
namespace {

constexpr int kThreads = 16;
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

// Opens and serves what is wanted, one service after the other, until one fails.
class Shop::Starter {
 public:
  Starter(Shop& shop, const ShopOptions& options) : shop_(shop), options_(options) {}

  // `open` gives the service, and is not called if nobody wants it.
  template <class Open>
  auto Serve(const std::string& name, int usual_port, const Open& open) {
    using Service = typename std::remove_reference_t<decltype(*open())>::element_type;
    Service* none = nullptr;
    const bool wanted =
        options_.only.empty() || std::find(options_.only.begin(), options_.only.end(), name) != options_.only.end();
    if (error_ || !wanted) return none;
    auto service = open();
    if (!service.ok()) return Fail(std::move(service).error()), none;
    std::shared_ptr<Service> opened = *std::move(service);
    auto server = std::make_unique<RestServer>();
    std::vector<RestRoute> routes = opened->Routes();
    for (const RestRoute& route : routes) shop_.routes_[name].emplace_back(route.method, route.path);
    Result<std::string> url =
        server->Start(std::move(routes), options_.port_base == 0 ? 0 : options_.port_base + usual_port - kAuthPort,
                      kThreads, options_.service_key);
    if (!url.ok()) return Fail(std::move(url).error()), none;
    started_.emplace_back(name, *url);
    shop_.services_.push_back(opened);
    shop_.servers_.push_back(std::move(server));
    return opened.get();
  }

  // Where a service is: as given, or here, or where it usually is.
  std::string UrlOf(const std::string& given, std::string_view name, int usual_port) const {
    if (!given.empty()) return given;
    for (const auto& [service, url] : started_)
      if (service == name) return url;
    return "http://127.0.0.1:" + std::to_string(options_.port_base + usual_port - kAuthPort);
  }

  Result<std::vector<std::pair<std::string, std::string>>> Finish() {
    if (error_) return *std::move(error_);
    return std::move(started_);
  }

 private:
  void Fail(Error error) { error_ = std::move(error); }

  Shop& shop_;
  const ShopOptions& options_;
  std::vector<std::pair<std::string, std::string>> started_;
  std::optional<Error> error_;
};

Result<std::vector<std::pair<std::string, std::string>>> Shop::Start(const ShopOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.data, error);
  if (error)
    return Error{.code = kShopCannotStart,
                 .message = "Expected to make the folder " + options.data + ", but: " + error.message()};
  const std::string database = options.database_url.empty() ? "sqlite://" + options.data : options.database_url;
  Clock& clock = options.clock ? *options.clock : SystemClock();
  Result<std::string> key = ReadOrMakeKey(std::filesystem::path(options.data) / "auth.key");
  if (!key.ok()) return std::move(key).error();

  Starter start(*this, options);
  NotificationService* notification = start.Serve("notification", kNotificationPort, [&] {
    return NotificationService::Open({.database_url = database,
                                      .smtp_url = options.smtp_url,
                                      .templates = options.mail_templates,
                                      .gateway_url = options.gateway_url});
  });
  start.Serve("store", kStorePort, [&] { return StoreService::Open(database, clock); });
  start.Serve("auth", kAuthPort, [&] {
    return AuthService::Open(
        {.database_url = database,
         .engine_url = options.engine_url,
         .notification_url = start.UrlOf(options.notification_url, "notification", kNotificationPort),
         .key = *key,
         .service_key = options.service_key,
         .verify_contact = options.verify_contact,
         .sso = options.sso,
         .clock = options.clock});
  });
  const std::string auth_url = start.UrlOf(options.auth_url, "auth", kAuthPort);
  if (notification) notification->SetAuthUrl(auth_url);
  start.Serve("files", kFilesPort, [&] {
    return FilesService::Open(
        {.database_url = database, .folder = options.data + "/files", .auth_url = auth_url, .clock = clock});
  });
  start.Serve("billing", kBillingPort, [&] {
    return BillingService::Open(
        {.database_url = database,
         .auth_url = auth_url,
         .notification_url = start.UrlOf(options.notification_url, "notification", kNotificationPort),
         .key = *key,
         .service_key = options.service_key,
         .clock = options.clock});
  });
  start.Serve("order", kOrderPort, [&] {
    return OrderService::Open({.database_url = database,
                               .auth_url = auth_url,
                               .store_url = start.UrlOf(options.store_url, "store", kStorePort),
                               .engine_url = options.engine_url});
  });
  start.Serve("payment", kPaymentPort, [&] {
    return PaymentService::Open({.database_url = database,
                                 .auth_url = auth_url,
                                 .billing_url = start.UrlOf(options.billing_url, "billing", kBillingPort),
                                 .bank_url = options.bank_url,
                                 .engine_url = options.engine_url,
                                 .bank_api_key = options.bank_api_key,
                                 .callback_key = options.callback_key,
                                 .key = *key,
                                 .service_key = options.service_key,
                                 .clock = options.clock});
  });
  start.Serve("delivery", kDeliveryPort, [&] {
    return DeliveryService::Open({.database_url = database,
                                  .auth_url = auth_url,
                                  .engine_url = options.engine_url,
                                  .payment_url = start.UrlOf(options.payment_url, "payment", kPaymentPort),
                                  .service_key = options.service_key,
                                  .couriers_url = options.couriers_url,
                                  .clock = clock});
  });
  return start.Finish();
}

void Shop::Stop() {
  // The last started first: it may ask those before it.
  while (!servers_.empty()) servers_.pop_back();
  services_.clear();
}

}  // namespace fermata::shop
