// PostgreSQL 13 or newer: for more than one server, or where a database is there anyway.
//
// Thread-safe, as Storage says. Each lane commits on a connection and a thread of its own; reads use a few connections more.
// Lost connections are made again with growing pauses, and one on which the server is silent is lost; a commit whose answer got lost is
// kUnknown. So nothing waits for ever, and stopping ends.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/base/result.h"
#include "engine/model/limits.h"
#include "engine/storage/storage.h"

namespace fermata {

struct PostgresOptions {
  // As libpq understands it: "host=a,b dbname=fermata target_session_attrs=read-write" or "postgresql://…". Its password is never shown.
  std::string connection;
  std::string node = "fermata";                // its name among the nodes that share the database: no two have one
  int readers = 4;                             // reads at the same time; further ones wait
  std::int64_t statement_timeout_ms = 10'000;  // of one read
  std::int64_t connect_timeout_ms = 5'000;     // of one try to connect
  std::int64_t answer_timeout_ms = kPostgresAnswerMs;  // without a byte of the server; then the connection is lost
};

// Connects, brings the schema up to date and joins the nodes that share the database (nodes()). Whoever had the name before gets kFenced from
// then on, and what it owned is this one's.
// Fails if the database cannot be reached, is older than PostgreSQL 13 or a newer version of Fermata made its schema.
// What was handed over is committed or failed, and every callback called, before the storage's destructor returns.
Result<std::unique_ptr<Storage>> OpenPostgres(const PostgresOptions& options);

// What a connection string names, for people: "database 'fermata' at db.example". Never with a password.
std::string PostgresNameOf(const std::string& connection);

}  // namespace fermata
