#include "examples/shop/store/catalogue.h"

namespace fermata::shop {
namespace {

constexpr const char* kColumns =
    "product_id, code, name, description, delivery_customer_category_id, currency, fulfilment, picture_url, "
    "picture_description, price, discount";

Product ToProduct(const soci::row& row) {
  Product product;
  std::string* const texts[] = {&product.id,          &product.code,        &product.name,
                                &product.description, &product.category_id, &product.currency,
                                &product.fulfilment,  &product.picture_url, &product.picture_description};
  std::size_t column = 0;
  for (std::string* text : texts) *text = row.get<std::string>(column++);
  product.price = row.get<long long>(column++);
  product.discount = row.get<long long>(column);
  return product;
}

// Latin and Russian letters as small ones; SQLite knows Latin ones only.
std::string ToLower(std::string_view text) {
  std::string lower;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    if (byte >= 'A' && byte <= 'Z') {
      lower += static_cast<char>(byte + 32);
    } else if (byte == 0xD0 && next >= 0x90 && next <= 0x9F) {  // А to П
      lower += {static_cast<char>(0xD0), static_cast<char>(next + 0x20)};
      ++i;
    } else if (byte == 0xD0 && next >= 0xA0 && next <= 0xAF) {  // Р to Я
      lower += {static_cast<char>(0xD1), static_cast<char>(next - 0x20)};
      ++i;
    } else if (byte == 0xD0 && next == 0x81) {  // Ё
      lower += {static_cast<char>(0xD1), static_cast<char>(0x91)};
      ++i;
    } else {
      lower += text[i];
    }
  }
  return lower;
}

// What stands for itself in a pattern of `like`.
std::string EscapePattern(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    if (c == '%' || c == '_' || c == '!') escaped += '!';
    escaped += c;
  }
  return escaped;
}

}  // namespace

const std::vector<std::string> kCatalogueTables = {
    "create table if not exists delivery_customer_category (delivery_customer_category_id varchar(50) primary key, "
    "name varchar(150) not null, description varchar(255) not null, picture_url text not null)",
    "create table if not exists product (product_id varchar(50) primary key, code varchar(50) not null, name "
    "varchar(150) not null, description text not null, delivery_customer_category_id varchar(50) not null, currency "
    "varchar(3) not null, fulfilment varchar(10) not null, picture_url text not null, picture_description "
    "varchar(255) not null, price bigint not null, discount bigint not null, search_text text not null, "
    "check (price >= 0 and discount >= 0 and discount <= price))",
};

void Put(soci::session& sql, const Category& category) {
  sql << "insert into delivery_customer_category (delivery_customer_category_id, name, description, picture_url) "
         "values (:id, :name, :description, :picture) on conflict (delivery_customer_category_id) do update set "
         "name = excluded.name, description = excluded.description, picture_url = excluded.picture_url",
      soci::use(category.id), soci::use(category.name), soci::use(category.description),
      soci::use(category.picture_url);
}

void Put(soci::session& sql, const Product& product) {
  const std::string search = ToLower(product.name + "\n" + product.description);
  sql << "insert into product (product_id, code, name, description, delivery_customer_category_id, currency, "
         "fulfilment, picture_url, picture_description, price, discount, search_text) values (:id, :code, :name, "
         ":description, :category, :currency, :fulfilment, :picture, :picture_description, :price, :discount, :search) "
         "on conflict (product_id) do update set code = excluded.code, name = excluded.name, description = "
         "excluded.description, delivery_customer_category_id = excluded.delivery_customer_category_id, currency = "
         "excluded.currency, fulfilment = excluded.fulfilment, picture_url = excluded.picture_url, "
         "picture_description = excluded.picture_description, price = excluded.price, discount = excluded.discount, "
         "search_text = excluded.search_text",
      soci::use(product.id), soci::use(product.code), soci::use(product.name), soci::use(product.description),
      soci::use(product.category_id), soci::use(product.currency), soci::use(product.fulfilment),
      soci::use(product.picture_url), soci::use(product.picture_description), soci::use(product.price),
      soci::use(product.discount), soci::use(search);
}

std::vector<Category> ListCategories(soci::session& sql) {
  std::vector<Category> categories;
  soci::rowset<soci::row> found =
      (sql.prepare << "select delivery_customer_category_id, name, description, picture_url from "
                      "delivery_customer_category order by delivery_customer_category_id");
  for (const soci::row& row : found)
    categories.push_back(
        {row.get<std::string>(0), row.get<std::string>(1), row.get<std::string>(2), row.get<std::string>(3)});
  return categories;
}

std::optional<Product> FindProduct(soci::session& sql, const std::string& product_id) {
  soci::rowset<soci::row> found =
      (sql.prepare << "select " << kColumns << " from product where product_id = :id", soci::use(product_id));
  for (const soci::row& row : found) return ToProduct(row);
  return std::nullopt;
}

std::vector<Product> FindProducts(soci::session& sql, const std::string& text, const std::string& category_id) {
  std::vector<Product> products;
  const std::string pattern = "%" + EscapePattern(ToLower(text)) + "%";
  soci::rowset<soci::row> found =
      (sql.prepare << "select " << kColumns
                   << " from product where search_text like :pattern escape '!' and (delivery_customer_category_id = "
                      ":category or :any = '') order by name, product_id limit 200",
       soci::use(pattern), soci::use(category_id), soci::use(category_id));
  for (const soci::row& row : found) products.push_back(ToProduct(row));
  return products;
}

}  // namespace fermata::shop
