#include "examples/shop/files/qr_code.h"

#include <qrencode.h>

#include <memory>

namespace fermata::shop {
namespace {

constexpr int kQuietModules = 4;  // as the standard wants it

}  // namespace

std::optional<std::string> DrawQrCode(const std::string& text) {
  if (text.empty() || text.size() > kQrTextBytesMax || text.find('\0') != std::string::npos) return std::nullopt;
  // The smallest version that holds it; level M survives a scratch.
  const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_M),
                                                             &QRcode_free);
  if (code == nullptr) return std::nullopt;
  const int width = code->width;
  const std::string size = std::to_string(width + 2 * kQuietModules);
  std::string path;
  for (int y = 0; y < width; ++y)
    for (int x = 0; x < width;) {
      int run = 0;
      while (x + run < width && (code->data[y * width + x + run] & 1) != 0) ++run;
      if (run > 0)
        path += "M" + std::to_string(x + kQuietModules) + " " + std::to_string(y + kQuietModules) + "h" +
                std::to_string(run) + "v1h-" + std::to_string(run) + "z";
      x += run + 1;
    }
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + size + " " + size +
         "\" shape-rendering=\"crispEdges\"><rect width=\"" + size + "\" height=\"" + size +
         "\" fill=\"#fff\"/><path d=\"" + path + "\"/></svg>\n";
}

}  // namespace fermata::shop
