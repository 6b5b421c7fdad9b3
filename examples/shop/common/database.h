// A service's own database, by SOCI: a file of SQLite, or a schema of its own in PostgreSQL.
//
// Include it in .cc files only: SOCI's headers are heavy. Thread-safe; its exceptions end here.
#pragma once

#include <soci/soci.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "examples/shop/common/rest.h"

namespace fermata::shop {

class Database {
 public:
  // `url`: "sqlite:///folder" (the file is folder/<service>.db) or a connection string of libpq such as "postgresql://…"
  // (the schema is called <service>). Runs `tables`, which create what is not there yet; in them "{id}" stands for the
  // type of a key that counts by itself, "{time}" for a point in time, "{flag}" for true or false, and "{view}" begins a
  // view. "{column} TABLE NAME TYPE" adds a column to a table that an earlier release may have made. The table of Once()
  // is there besides.
  static Result<std::unique_ptr<Database>> Open(const std::string& url, const std::string& service,
                                                const std::vector<std::string>& tables);

  // Runs `work` in a transaction and commits it, or rolls it back when it throws. On a database error it is tried again
  // with a sound connection (two writers may have met), so `work` must touch nothing but the database; after the third
  // time the answer is 503.
  RestAnswer Transact(const std::function<RestAnswer(soci::session&)>& work);

 private:
  Database(std::size_t connections) : pool_(connections) {}

  soci::connection_pool pool_;
};

// Lets `effect` happen once for a key: a repeated request gets the first answer again (409 if it asks for something
// else). Without a key it is 400. Answers of 500 and more are not kept, the others for kKeyLifeSeconds. Call it inside
// Transact().
RestAnswer Once(soci::session& sql, const RestRequest& request, const std::function<RestAnswer()>& effect);

// As long as the engine remembers what it was sent.
inline constexpr std::int64_t kKeyLifeSeconds = 30 * 24 * 3'600;

// Now, and a time relative to now, as RFC 3339 text in UTC: sorts as time does.
std::string NowText();
std::string TextAfterSeconds(std::int64_t seconds);
// The same by this clock.
std::string TimeText(Clock& clock, std::int64_t seconds);
// A time as a database gives it by `cast(… as text)`, as the same text.
std::string TimeOfDatabase(std::string text);

}  // namespace fermata::shop
