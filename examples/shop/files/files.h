// The files service: QR codes, and files that customers and other services upload.
//
// POST /qr {text}, POST /files (the file itself, with its Content-Type), GET /files/{uid}. Uploads need a session or, of
// another service, an Idempotency-Key. A QR code that nobody asks for again goes after a day.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "examples/shop/common/rest.h"
#include "examples/shop/common/session_check.h"

namespace fermata::shop {

class Database;
class FileStore;

struct FilesOptions {
  std::string database_url;
  std::string folder;  // of the bytes; made if it is not there
  std::string auth_url;
  Clock& clock;  // decides when files go. Must outlive the service
};

// Thread-safe. Must outlive the routes.
class FilesService {
 public:
  static Result<std::unique_ptr<FilesService>> Open(const FilesOptions& options);
  ~FilesService();

  std::vector<RestRoute> Routes();

 private:
  FilesService(const FilesOptions& options, std::unique_ptr<FileStore> files);

  RestAnswer DrawQrCode(const RestRequest& request);
  RestAnswer Upload(const RestRequest& request);
  RestAnswer Download(const RestRequest& request);

  SessionCheck sessions_;
  std::unique_ptr<FileStore> files_;
};

}  // namespace fermata::shop
