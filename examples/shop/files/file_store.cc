#include "examples/shop/files/file_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/base/hash.h"
#include "examples/shop/common/database.h"
#include "examples/shop/common/secure.h"

namespace fermata::shop {
namespace {

constexpr ErrorCode kFilesCannotStart{7032};
// Later than any other time, as text.
constexpr const char* kForEver = "9999-12-31T23:59:59Z";

const std::vector<std::string> kTables = {
    "create table if not exists file_object (uid varchar(64) primary key, type varchar(100) not null, size bigint not "
    "null, created_dt {time} not null, expires_dt {time} not null)",
};

// All of it, and safely on the disk; false otherwise.
bool WriteAll(const std::string& path, const std::string& bytes) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return false;
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t written = ::write(file, bytes.data() + done, bytes.size() - done);
    if (written <= 0) break;
    done += static_cast<std::size_t>(written);
  }
  const bool synced = done == bytes.size() && ::fsync(file) == 0;
  return ::close(file) == 0 && synced;
}

// Under its last name only when it is whole.
bool WriteFile(const std::string& path, const std::string& bytes) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  const std::string part = path + "." + RandomHex(8) + ".part";
  if (WriteAll(part, bytes))
    std::filesystem::rename(part, path, error);
  else
    error = std::make_error_code(std::errc::io_error);
  std::error_code ignored;
  if (error) std::filesystem::remove(part, ignored);
  return !error;
}

}  // namespace

FileStore::FileStore(std::unique_ptr<Database> database, std::string folder, Clock& clock)
    : database_(std::move(database)), folder_(std::move(folder)), clock_(clock) {}
FileStore::~FileStore() = default;

Result<std::unique_ptr<FileStore>> FileStore::Open(const std::string& database_url, const std::string& folder,
                                                   Clock& clock) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    return Error{.code = kFilesCannotStart,
                 .message = "Expected to make the folder " + folder + ", but: " + error.message()};
  Result<std::unique_ptr<Database>> database = Database::Open(database_url, "files", kTables);
  if (!database.ok()) return std::move(database).error();
  return std::unique_ptr<FileStore>(new FileStore(*std::move(database), folder, clock));
}

// Two levels, so that no folder holds too many.
std::string FileStore::PathOf(const std::string& uid) const { return folder_ + "/" + uid.substr(0, 2) + "/" + uid; }

RestAnswer FileStore::Keep(const std::string& bytes, const std::string& type, std::int64_t life_seconds) {
  const std::string uid = Sha256Hex(bytes), path = PathOf(uid);
  // The bytes first: a row without them would be a broken promise, bytes without a row are only litter.
  if (!std::filesystem::exists(path) && !WriteFile(path, bytes)) return Refusal(503, "The file could not be kept");
  const RestAnswer kept = database_->Transact([&](soci::session& sql) -> RestAnswer {
    const std::string now = TimeText(clock_, 0), expires = life_seconds > 0 ? TimeText(clock_, life_seconds) : kForEver;
    const auto size = static_cast<long long>(bytes.size());
    soci::statement insert = (sql.prepare << "insert into file_object (uid, type, size, created_dt, expires_dt) values "
                                             "(:uid, :type, :size, :now, :expires) on conflict (uid) do nothing",
                              soci::use(uid), soci::use(type), soci::use(size), soci::use(now), soci::use(expires));
    insert.execute(true);
    const bool is_new = insert.get_affected_rows() > 0;
    // It may have had its time, and be dropped, while we were about to say that it is here.
    if (!std::filesystem::exists(path) && !WriteFile(path, bytes)) return Refusal(503, "The file could not be kept");
    sql << "update file_object set expires_dt = :expires where uid = :uid and expires_dt < :expires2",
        soci::use(expires), soci::use(uid), soci::use(expires);
    return {is_new ? 201 : 200,
            Value::Object({{"uid", Value::String(uid)}, {"type", Value::String(type)}, {"size", Value::Int(size)}})};
  });
  Purge();
  return kept;
}

RestAnswer FileStore::Read(const std::string& uid) {
  RestAnswer answer;
  const RestAnswer found = database_->Transact([&](soci::session& sql) -> RestAnswer {
    std::string type;
    const std::string now = TimeText(clock_, 0);
    sql << "select type from file_object where uid = :uid and expires_dt > :now", soci::into(type), soci::use(uid),
        soci::use(now);
    if (!sql.got_data()) return Refusal(404, "File not found");
    answer.content_type = type;
    return {};
  });
  if (found.status != 200) return found;
  std::ifstream file(PathOf(uid), std::ios::binary);
  answer.html.assign(std::istreambuf_iterator<char>(file), {});
  if (Sha256Hex(answer.html) != uid) return Refusal(500, "The file is damaged");
  return answer;
}

void FileStore::Purge() {
  std::vector<std::string> gone;
  database_->Transact([&](soci::session& sql) -> RestAnswer {
    gone.clear();
    const std::string now = TimeText(clock_, 0);
    {
      soci::rowset<std::string> found =
          (sql.prepare << "select uid from file_object where expires_dt <= :now limit 100", soci::use(now));
      gone.assign(found.begin(), found.end());
    }
    for (const std::string& uid : gone) {
      sql << "delete from file_object where uid = :uid", soci::use(uid);
      std::error_code ignored;
      // Within the transaction, so that nobody keeps the same file in between.
      std::filesystem::remove(PathOf(uid), ignored);
    }
    return {};
  });
}

}  // namespace fermata::shop
