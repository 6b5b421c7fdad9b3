// Products and categories as customers see them, and the SQL for them. Every function runs inside a transaction of the
// caller.
//
// Include it in .cc files only: it brings SOCI's headers.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "examples/shop/common/database.h"

namespace fermata::shop {

extern const std::vector<std::string> kCatalogueTables;

struct CatalogueText {
  std::string name, description;
};
using Translations = std::map<std::string, CatalogueText>;  // by language: "en"

struct Category {
  std::string id, name, description, picture_url;
  Translations translations{};  // only to put it there
};

struct Product {
  std::string id, code, name, description, category_id, currency;
  std::string fulfilment;  // PICK: it is taken from a shelf; COOK: it is made, and never short
  std::string picture_url, picture_description;
  long long price = 0, discount = 0;  // minor units
  Translations translations{};        // only to put it there
};

// Adds it, or takes the place of what was there under its id.
void Put(soci::session& sql, const Category& category);
void Put(soci::session& sql, const Product& product);

// Names and descriptions are in `language`, or as they were put there if there is no translation.
std::vector<Category> ListCategories(soci::session& sql, const std::string& language);
std::optional<Product> FindProduct(soci::session& sql, const std::string& product_id, const std::string& language = "");
// By name; at most 200. `text` is looked for in names and descriptions of every language, whatever its case; empty `text`
// and `category_id` leave nothing out.
std::vector<Product> FindProducts(soci::session& sql, const std::string& text, const std::string& category_id,
                                  const std::string& language);

}  // namespace fermata::shop
