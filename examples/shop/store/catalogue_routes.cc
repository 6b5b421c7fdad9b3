// What customers see of the store, and how the staff fills it.
#include "examples/shop/common/database.h"
#include "examples/shop/store/catalogue.h"
#include "examples/shop/store/stock.h"
#include "examples/shop/store/store.h"

namespace fermata::shop {
namespace {

constexpr long long kPriceMax = 1'000'000'000'000;
constexpr long long kStockMax = 1'000'000'000;
constexpr const char* kBadTranslations = "Translations should be names and descriptions by language";

Value ToPlaces(const std::vector<Place>& places) {
  std::vector<Value> list;
  for (const Place& place : places)
    list.push_back(Value::Object({{"store", Value::Object({{"id", Value::String(place.store_id)},
                                                           {"name", Value::String(place.name)},
                                                           {"address", Value::String(place.address)}})},
                                  {"quantity", Value::Int(place.quantity)}}));
  return Value::List(std::move(list));
}

Value ToValue(const Product& product, const std::vector<Place>& places) {
  return Value::Object({{"id", Value::String(product.id)},
                        {"code", Value::String(product.code)},
                        {"name", Value::String(product.name)},
                        {"description", Value::String(product.description)},
                        {"categoryId", Value::String(product.category_id)},
                        {"price", Value::Int(product.price)},
                        {"discount", Value::Int(product.discount)},
                        {"currency", Value::String(product.currency)},
                        {"fulfilment", Value::String(product.fulfilment)},
                        {"image", Value::String(product.picture_url)},
                        {"imageDescription", Value::String(product.picture_description)},
                        {"availability", ToPlaces(places)}});
}

// {"en": {"name": …, "description": …}}; nullopt if it is something else.
std::optional<Translations> ReadTranslations(const RestRequest& request) {
  constexpr std::size_t kLanguageBytesMax = 10, kTranslationsMax = 20;
  Translations translations;
  const Value* map = request.body.Find("translations");
  if (map == nullptr) return translations;
  if (!map->is_map() || map->as_map().size() > kTranslationsMax) return std::nullopt;
  for (const auto& [language, text] : map->as_map()) {
    const Value* name = text.is_map() ? text.Find("name") : nullptr;
    const Value* description = text.is_map() ? text.Find("description") : nullptr;
    if (language.as_string().size() > kLanguageBytesMax || name == nullptr || !name->is_string()) return std::nullopt;
    translations[std::string(language.as_string())] = {
        std::string(name->as_string()),
        description && description->is_string() ? std::string(description->as_string()) : ""};
  }
  return translations;
}

}  // namespace

RestAnswer StoreService::GetCategories(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    std::vector<Value> list;
    for (const Category& category : ListCategories(sql, request.Query("language")))
      list.push_back(Value::Object({{"id", Value::String(category.id)},
                                    {"name", Value::String(category.name)},
                                    {"description", Value::String(category.description)},
                                    {"image", Value::String(category.picture_url)}}));
    return {200, Value::Object({{"categories", Value::List(std::move(list))}})};
  });
}

RestAnswer StoreService::GetProducts(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    ExpireReservations(sql, TimeText(clock_, 0));
    std::vector<Value> list;
    for (const Product& product :
         FindProducts(sql, request.Query("q"), request.Query("category"), request.Query("language")))
      list.push_back(ToValue(product, PlacesOf(sql, product.id)));
    return {200, Value::Object({{"products", Value::List(std::move(list))}})};
  });
}

RestAnswer StoreService::GetProduct(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    ExpireReservations(sql, TimeText(clock_, 0));
    const std::optional<Product> product = FindProduct(sql, request.parameters.at("id"), request.Query("language"));
    if (!product) return Refusal(404, "Product not found");
    return {200, ToValue(*product, PlacesOf(sql, product->id))};
  });
}

RestAnswer StoreService::GetStock(const RestRequest& request) {
  const std::string id = request.Query("productId");
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    ExpireReservations(sql, TimeText(clock_, 0));
    if (!FindProduct(sql, id)) return Refusal(404, "Product not found");
    return {200, Value::Object({{"productId", Value::String(id)}, {"productPlaces", ToPlaces(PlacesOf(sql, id))}})};
  });
}

RestAnswer StoreService::PutCategory(const RestRequest& request) {
  const std::optional<Translations> translations = ReadTranslations(request);
  if (!translations) return Refusal(400, kBadTranslations);
  const Category category{request.Text("id"), request.Text("name"), request.Text("description"), request.Text("image"),
                          *translations};
  if (category.id.empty() || category.name.empty()) return Refusal(400, "Id and name should be provided");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      Put(sql, category);
      return {200, Value::Object({{"id", Value::String(category.id)}})};
    });
  });
}

RestAnswer StoreService::PutProduct(const RestRequest& request) {
  std::optional<Translations> translations = ReadTranslations(request);
  if (!translations) return Refusal(400, kBadTranslations);
  Product product{.id = request.Text("id"),
                  .code = request.Text("code"),
                  .name = request.Text("name"),
                  .description = request.Text("description"),
                  .category_id = request.Text("categoryId"),
                  .currency = request.Text("currency"),
                  .fulfilment = request.Text("fulfilment"),
                  .picture_url = request.Text("image"),
                  .picture_description = request.Text("imageDescription"),
                  .translations = *std::move(translations)};
  if (product.id.empty() || product.name.empty()) return Refusal(400, "Id and name should be provided");
  if (product.currency.empty()) product.currency = "RUB";
  if (product.fulfilment.empty()) product.fulfilment = "PICK";
  if (product.fulfilment != "PICK" && product.fulfilment != "COOK")
    return Refusal(400, "Fulfilment should be PICK or COOK");
  const std::optional<long long> price = request.Integer("price");
  product.discount = request.Integer("discount").value_or(0);
  if (!price || *price < 0 || *price > kPriceMax || product.discount < 0 || product.discount > *price)
    return Refusal(400, "A price in minor units should be provided, and a discount that is not above it");
  product.price = *price;
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      Put(sql, product);
      return {200, Value::Object({{"id", Value::String(product.id)}})};
    });
  });
}

RestAnswer StoreService::PutStore(const RestRequest& request) {
  const std::string id = request.Text("id"), name = request.Text("name"), address = request.Text("address");
  if (id.empty() || name.empty()) return Refusal(400, "Id and name should be provided");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      sql << "insert into store_site (store_id, name, address) values (:id, :name, :address) on conflict (store_id) do "
             "update set name = excluded.name, address = excluded.address",
          soci::use(id), soci::use(name), soci::use(address);
      return {200, Value::Object({{"id", Value::String(id)}})};
    });
  });
}

RestAnswer StoreService::ReceiveGoods(const RestRequest& request) {
  const std::string product = request.Text("productId"), store = request.Text("storeId");
  const std::optional<long long> quantity = request.Integer("quantity");
  if (!quantity || *quantity < 1 || *quantity > kStockMax)
    return Refusal(400, "A positive quantity should be provided");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      int stores = 0;
      sql << "select count(*) from store_site where store_id = :id", soci::into(stores), soci::use(store);
      if (stores == 0) return Refusal(404, "Store not found");
      if (!FindProduct(sql, product)) return Refusal(404, "Product not found");
      Receive(sql, product, store, *quantity);
      return {200, Value::Object(
                       {{"productId", Value::String(product)}, {"productPlaces", ToPlaces(PlacesOf(sql, product))}})};
    });
  });
}

}  // namespace fermata::shop
