#include "tests/integration/support/shop_catalogue.h"

#include <gtest/gtest.h>

namespace fermata::test {

void FillCatalogue(ShopEntry& shop) {
  const auto add = [&shop](const std::string& service, const std::string& target, const std::string& body) {
    const ClientResponse added = shop.Post(service, target, body);
    ASSERT_EQ(added.status, 200) << target << " " << body << " " << added.body;
  };
  for (const char* store : {"s1", "s2", "s3"})
    add("store", "/stores",
        R"({"id":")" + std::string(store) + R"(","name":"Store )" + store + R"(","address":"Mira 5"})");
  add("store", "/categories", R"({"id":"tea","name":"Tea","description":"Hot","image":"/tea.svg"})");
  add("store", "/categories", R"({"id":"cake","name":"Cakes","description":"Sweet","image":"/cake.svg"})");
  add("store", "/products",
      R"({"id":"green","name":"Green tea","description":"From Sochi","categoryId":"tea","image":"/green.svg","price":45000})");
  add("store", "/products",
      R"({"id":"cup","name":"Cup","description":"For tea","categoryId":"tea","image":"/cup.svg","price":30000,"discount":5000})");
  add("store", "/products",
      R"({"id":"honey","name":"Медовик","description":"Baked for you","categoryId":"cake","image":"/honey.svg","price":20000,"fulfilment":"COOK"})");
  for (const char* store : {"s1", "s2"})
    for (const char* product : {"green", "cup"})
      add("store", "/stock",
          R"({"productId":")" + std::string(product) + R"(","storeId":")" + store + R"(","quantity":10000})");
  add("delivery", "/points", R"({"id":1,"name":"Centre","address":"Mira 5","hours":"9-21","capacity":10000})");
  add("delivery", "/points", R"({"id":2,"name":"Hut","address":"Lesnaya 1","hours":"9-12","capacity":0})");
  add("delivery", "/companies",
      R"({"code":"own","name":"Own couriers","methodType":"ON_FOOT","cost":20000,"zones":["Kazan"],"intervals":[{"beginTime":"10:00","endTime":"12:00","capacity":10000},{"beginTime":"18:00","endTime":"20:00","capacity":10000}]})");
  add("delivery", "/companies",
      R"({"code":"van","name":"Own van","methodType":"CAR","cost":35000,"zones":["Kazan"],"intervals":[{"beginTime":"10:00","endTime":"18:00","capacity":10000}]})");
  add("delivery", "/companies", R"({"code":"stork","name":"Stork","methodType":"SCOOTER","cost":0,"adapter":"stork"})");
  add("delivery", "/companies",
      R"({"code":"turtle","name":"Turtle","methodType":"ON_FOOT","cost":0,"adapter":"turtle"})");
  add("delivery", "/couriers", R"({"id":"c1","name":"Foma","phone":"+79000000001","methodType":"ON_FOOT"})");
}

}  // namespace fermata::test
