#include "examples/shop/store/catalogue.h"

namespace fermata::shop {
namespace {

constexpr const char* kSelect =
    "select p.product_id, p.code, coalesce(t.name, p.name), coalesce(t.description, p.description), "
    "p.delivery_customer_category_id, p.currency, p.fulfilment, p.picture_url, p.picture_description, p.price, "
    "p.discount from product p left join catalogue_text t on t.kind = 'product' and t.id = p.product_id and t.language "
    "= :language where ";

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

void PutTranslations(soci::session& sql, const std::string& kind, const std::string& id,
                     const Translations& translations) {
  sql << "delete from catalogue_text where kind = :kind and id = :id", soci::use(kind), soci::use(id);
  for (const auto& [language, text] : translations)
    sql << "insert into catalogue_text (kind, id, language, name, description) values (:kind, :id, :language, :name, "
           ":description)",
        soci::use(kind), soci::use(id), soci::use(language), soci::use(text.name), soci::use(text.description);
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
    "create table if not exists catalogue_text (kind varchar(10) not null, id varchar(50) not null, language "
    "varchar(10) not null, name varchar(150) not null, description text not null, primary key (kind, id, language))",
};

void Put(soci::session& sql, const Category& category) {
  sql << "insert into delivery_customer_category (delivery_customer_category_id, name, description, picture_url) "
         "values (:id, :name, :description, :picture) on conflict (delivery_customer_category_id) do update set "
         "name = excluded.name, description = excluded.description, picture_url = excluded.picture_url",
      soci::use(category.id), soci::use(category.name), soci::use(category.description),
      soci::use(category.picture_url);
  PutTranslations(sql, "category", category.id, category.translations);
}

void Put(soci::session& sql, const Product& product) {
  std::string words = product.name + "\n" + product.description;
  for (const auto& [language, text] : product.translations) words += "\n" + text.name + "\n" + text.description;
  const std::string search = ToLower(words);
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
  PutTranslations(sql, "product", product.id, product.translations);
}

std::vector<Category> ListCategories(soci::session& sql, const std::string& language) {
  std::vector<Category> categories;
  soci::rowset<soci::row> found =
      (sql.prepare << "select c.delivery_customer_category_id, coalesce(t.name, c.name), coalesce(t.description, "
                      "c.description), c.picture_url from delivery_customer_category c left join catalogue_text t on "
                      "t.kind = 'category' and t.id = c.delivery_customer_category_id and t.language = :language order "
                      "by c.delivery_customer_category_id",
       soci::use(language));
  for (const soci::row& row : found)
    categories.push_back(
        {row.get<std::string>(0), row.get<std::string>(1), row.get<std::string>(2), row.get<std::string>(3)});
  return categories;
}

std::optional<Product> FindProduct(soci::session& sql, const std::string& product_id, const std::string& language) {
  soci::rowset<soci::row> found =
      (sql.prepare << kSelect << "p.product_id = :id", soci::use(language), soci::use(product_id));
  for (const soci::row& row : found) return ToProduct(row);
  return std::nullopt;
}

std::vector<Product> FindProducts(soci::session& sql, const std::string& text, const std::string& category_id,
                                  const std::string& language) {
  std::vector<Product> products;
  const std::string pattern = "%" + EscapePattern(ToLower(text)) + "%";
  soci::rowset<soci::row> found =
      (sql.prepare << kSelect
                   << "p.search_text like :pattern escape '!' and (p.delivery_customer_category_id = :category or :any "
                      "= '') order by coalesce(t.name, p.name), p.product_id limit 200",
       soci::use(language), soci::use(pattern), soci::use(category_id), soci::use(category_id));
  for (const soci::row& row : found) products.push_back(ToProduct(row));
  return products;
}

}  // namespace fermata::shop
