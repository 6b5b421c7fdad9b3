#include "examples/shop/files/files.h"

#include <algorithm>
#include <array>

#include "examples/shop/files/file_store.h"
#include "examples/shop/files/qr_code.h"

namespace fermata::shop {
namespace {

constexpr std::int64_t kQrLifeSeconds = 24 * 3'600;
constexpr std::size_t kUploadBytesMax = 2 * 1024 * 1024;

// What may be uploaded, and how such a file begins ("" = anyhow).
struct FileType {
  std::string_view type, begin;
};
constexpr std::array kTypes = {
    FileType{"image/png", "\x89PNG\r\n\x1a\n"},
    FileType{"image/jpeg", "\xff\xd8\xff"},
    FileType{"image/gif", "GIF8"},
    FileType{"image/webp", "RIFF"},
    FileType{"image/svg+xml", ""},
    FileType{"application/pdf", "%PDF-"},
    FileType{"application/msword", "\xd0\xcf\x11\xe0"},
    FileType{"application/vnd.ms-excel", "\xd0\xcf\x11\xe0"},
    FileType{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "PK\x03\x04"},
    FileType{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "PK\x03\x04"},
};

// {uid, url, type, size}
RestAnswer WithUrl(RestAnswer kept, const RestRequest& request) {
  if (kept.status != 200 && kept.status != 201) return kept;
  std::vector<MapEntry> entries = kept.body.as_map();
  const std::string uid(kept.body.Find("uid")->as_string());
  entries.emplace_back(Value::String("url"), Value::String("http://" + request.Header("host") + "/files/" + uid));
  kept.body = Value::Map(std::move(entries));
  return kept;
}

}  // namespace

FilesService::FilesService(const FilesOptions& options, std::unique_ptr<FileStore> files)
    : sessions_(options.auth_url), files_(std::move(files)) {}
FilesService::~FilesService() = default;

Result<std::unique_ptr<FilesService>> FilesService::Open(const FilesOptions& options) {
  auto files = FileStore::Open(options.database_url, options.folder, options.clock);
  if (!files.ok()) return std::move(files).error();
  return std::unique_ptr<FilesService>(new FilesService(options, *std::move(files)));
}

std::vector<RestRoute> FilesService::Routes() {
  return {
      ForServices({"POST", "/qr", [this](const RestRequest& request) { return DrawQrCode(request); }}),
      {"POST", "/files", [this](const RestRequest& request) { return Upload(request); }},
      {"GET", "/files/{uid}", [this](const RestRequest& request) { return Download(request); }},
  };
}

RestAnswer FilesService::DrawQrCode(const RestRequest& request) {
  const std::optional<std::string> picture = shop::DrawQrCode(request.Text("text"));
  if (!picture) return Refusal(400, "A text of 1 to " + std::to_string(kQrTextBytesMax) + " bytes should be provided");
  return WithUrl(files_->Keep(*picture, "image/svg+xml", kQrLifeSeconds), request);
}

RestAnswer FilesService::Upload(const RestRequest& request) {
  if (const Asker asker = sessions_.CustomerOrService(request); asker.refusal.status != 200) return asker.refusal;
  const std::string type = request.Header("content-type");
  const auto known = std::find_if(kTypes.begin(), kTypes.end(), [&](const FileType& t) { return t.type == type; });
  if (known == kTypes.end()) return Refusal(415, "Expected a picture, a PDF, Word or Excel file, but it is " + type);
  if (request.body_text.empty()) return Refusal(400, "A file should be provided");
  if (request.body_text.size() > kUploadBytesMax)
    return Refusal(413, "Expected at most " + std::to_string(kUploadBytesMax) + " bytes, but there are " +
                            std::to_string(request.body_text.size()));
  if (!request.body_text.starts_with(known->begin)) return Refusal(422, "The file does not begin as " + type + " does");
  RestAnswer kept = WithUrl(files_->Keep(request.body_text, type, 0), request);
  const std::string wanted = request.Query("sha256");
  if (kept.status < 300 && !wanted.empty() && kept.body.Find("uid")->as_string() != wanted)
    return Refusal(422, "The file was changed on its way");
  return kept;
}

RestAnswer FilesService::Download(const RestRequest& request) {
  RestAnswer answer = files_->Read(request.parameters.at("uid"));
  if (answer.status != 200) return answer;
  // Nothing that somebody has uploaded runs in a browser.
  answer.headers = {{"X-Content-Type-Options", "nosniff"},
                    {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox"},
                    {"Cache-Control", "public, max-age=86400, immutable"},
                    {"ETag", "\"" + request.parameters.at("uid") + "\""}};
  return answer;
}

}  // namespace fermata::shop
