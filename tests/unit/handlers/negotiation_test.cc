// What is not sent again, and what is sent compressed.
#include "api/handlers/negotiation.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace fermata {
namespace {

HttpRequest Get(HttpHeaders headers) {
  HttpRequest request;
  request.method = "GET";
  request.headers = std::move(headers);
  return request;
}

HttpResponse Answer(const HttpRequest& request, HttpResponse response) {
  Negotiate(NegotiationOf(request), response);
  return response;
}

std::string HeaderOf(const HttpResponse& response, const std::string& name) {
  for (const auto& [header, value] : response.headers)
    if (header == name) return value;
  return "";
}

std::string Unpacked(const std::string& packed, std::size_t size) {
  std::string text(size, '\0');
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  const int result = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  return result == Z_STREAM_END ? text : "";
}

const std::string kLong = "[\"" + std::string(5'000, 'a') + "\"]";

TEST(Negotiation, ARepeatedReadWithItsTagIsNotSentAgain) {
  const std::string tag = HeaderOf(Answer(Get({}), JsonResponse(200, "{}")), "ETag");
  EXPECT_EQ(tag.substr(0, 3), "W/\"");
  for (const std::string& tags : {tag, tag.substr(2), "\"other\", " + tag, std::string("*")}) {
    const HttpResponse again = Answer(Get({{"if-none-match", tags}}), JsonResponse(200, "{}"));
    EXPECT_EQ(again.status, 304) << tags;
    EXPECT_EQ(again.body, "");
    EXPECT_EQ(HeaderOf(again, "ETag"), tag);
  }
  EXPECT_EQ(Answer(Get({{"if-none-match", tag}}), JsonResponse(200, "[]")).status, 200);
}

TEST(Negotiation, OnlyReadsThatSucceedHaveATag) {
  HttpRequest post = Get({{"if-none-match", "*"}});
  post.method = "POST";
  EXPECT_EQ(Answer(post, JsonResponse(200, "{}")).status, 200);
  EXPECT_EQ(HeaderOf(Answer(post, JsonResponse(200, "{}")), "ETag"), "");
  EXPECT_EQ(Answer(Get({{"if-none-match", "*"}}), JsonResponse(404, "{}")).status, 404);
}

TEST(Negotiation, LongTextsAreCompressedForWhoReadsGzip) {
  for (const char* codings : {"gzip", "br, GZIP;q=0.5", "*", "deflate, gzip;q=1.0"}) {
    const HttpResponse packed = Answer(Get({{"accept-encoding", codings}}), JsonResponse(200, kLong));
    EXPECT_EQ(HeaderOf(packed, "Content-Encoding"), "gzip") << codings;
    EXPECT_LT(packed.body.size(), 200u);
    EXPECT_EQ(Unpacked(packed.body, kLong.size()), kLong);
    EXPECT_NE(HeaderOf(packed, "Vary").find("Accept-Encoding"), std::string::npos);
  }
  for (const char* codings : {"", "br", "gzip;q=0", "*, gzip;q=0", "gzip;q=0.000", "*;q=0"})
    EXPECT_EQ(Answer(Get({{"accept-encoding", codings}}), JsonResponse(200, kLong)).body, kLong) << codings;
}

TEST(Negotiation, ShortTextsAndPicturesStayAsTheyAre) {
  EXPECT_EQ(Answer(Get({{"accept-encoding", "gzip"}}), JsonResponse(200, "{}")).body, "{}");
  const HttpResponse picture = TextResponse(200, kLong, "image/png");
  EXPECT_EQ(Answer(Get({{"accept-encoding", "gzip"}}), picture).body, kLong);
}

TEST(Negotiation, TheTagIsTheSameInEachCoding) {
  EXPECT_EQ(HeaderOf(Answer(Get({{"accept-encoding", "gzip"}}), JsonResponse(200, kLong)), "ETag"),
            HeaderOf(Answer(Get({}), JsonResponse(200, kLong)), "ETag"));
}

}  // namespace
}  // namespace fermata
