#include "api/http/request_framer.h"

#include <gtest/gtest.h>

#include "api/http/codes.h"

namespace fermata {
namespace {

FramingError ErrorOf(std::string_view bytes, std::size_t body_bytes_max = kHttpBodyBytesMax) {
  RequestFramer framer(body_bytes_max);
  framer.Feed(bytes);
  EXPECT_EQ(framer.Next(), FramerState::kError) << bytes.substr(0, 200);
  return framer.Next() == FramerState::kError ? framer.error() : FramingError{0, {}, ""};
}

HttpRequest RequestOf(std::string_view bytes) {
  RequestFramer framer;
  framer.Feed(bytes);
  if (framer.Next() == FramerState::kRequest) return framer.Take().request;
  ADD_FAILURE() << "no request in " << bytes;
  return {};
}

std::string Get(std::string_view target) { return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n"; }

TEST(RequestFramer, ReadsARequestWhereverItIsCut) {
  const std::string bytes =
      "POST /a%20b/c?x=1&y=a+b HTTP/1.1\r\nHost: localhost:80\r\nX-One:  v w \r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;name=\"v\"\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    RequestFramer framer;
    framer.Feed(std::string_view(bytes).substr(0, cut));
    if (cut < bytes.size()) {
      ASSERT_EQ(framer.Next(), FramerState::kNeedMore) << cut;
      framer.Feed(std::string_view(bytes).substr(cut));
    }
    ASSERT_EQ(framer.Next(), FramerState::kRequest) << cut;
    const HttpRequest request = framer.Take().request;
    EXPECT_EQ(request.body, "hello0123456789");
    EXPECT_EQ(request.path, "/a b/c");
    EXPECT_EQ(*request.FindHeader("x-one"), "v w");
    EXPECT_EQ(*request.FindQuery("y"), "a b");
    EXPECT_EQ(request.FindHeader("trailer"), nullptr);
    EXPECT_EQ(framer.buffered(), 0u);
  }
}

TEST(RequestFramer, ReadsARequestByteByByte) {
  RequestFramer framer;
  const std::string bytes = "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    framer.Feed(bytes.substr(i, 1));
    ASSERT_EQ(framer.Next(), FramerState::kNeedMore) << i;
  }
  framer.Feed("c");
  ASSERT_EQ(framer.Next(), FramerState::kRequest);
  EXPECT_EQ(framer.Take().request.body, "abc");
}

TEST(RequestFramer, GivesPipelinedRequestsInOrder) {
  RequestFramer framer;
  framer.Feed("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab\r\n" + Get("/2") + Get("/3"));
  for (const char* path : {"/1", "/2", "/3"}) {
    ASSERT_EQ(framer.Next(), FramerState::kRequest);
    EXPECT_EQ(framer.Take().request.path, path);
  }
  EXPECT_EQ(framer.Next(), FramerState::kNeedMore);
  EXPECT_EQ(framer.phase(), FramerPhase::kIdle);
}

struct Bad {
  const char* name;
  std::string bytes;
  int status;
  ErrorCode code;
};

class RefusedRequest : public testing::TestWithParam<Bad> {};

TEST_P(RefusedRequest, HasItsStatusAndCode) {
  const FramingError error = ErrorOf(GetParam().bytes);
  EXPECT_EQ(error.status, GetParam().status) << error.detail;
  EXPECT_EQ(error.code, GetParam().code) << error.detail;
  EXPECT_TRUE(error.detail.starts_with("Expected ")) << error.detail;
}

std::string WithHeader(const std::string& lines) { return "POST / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n\r\n"; }
std::string Chunked(const std::string& body) { return WithHeader("Transfer-Encoding: chunked") + body; }
std::string WithNul(std::string before, std::string after) { return before + std::string(1, '\0') + after; }

INSTANTIATE_TEST_SUITE_P(
    Framing, RefusedRequest,
    testing::Values(
        Bad{"LengthOfLetters", WithHeader("Content-Length: abc"), 400, kHttpAmbiguousLength},
        Bad{"LengthInHex", WithHeader("Content-Length: 0x5"), 400, kHttpAmbiguousLength},
        Bad{"LengthWithTail", WithHeader("Content-Length: 5abc"), 400, kHttpAmbiguousLength},
        Bad{"LengthNegative", WithHeader("Content-Length: -1"), 400, kHttpAmbiguousLength},
        Bad{"LengthWithPlus", WithHeader("Content-Length: +5"), 400, kHttpAmbiguousLength},
        Bad{"LengthEmpty", WithHeader("Content-Length:"), 400, kHttpAmbiguousLength},
        Bad{"LengthList", WithHeader("Content-Length: 5, 5"), 400, kHttpAmbiguousLength},
        Bad{"LengthTwice", WithHeader("Content-Length: 5\r\nContent-Length: 5"), 400, kHttpAmbiguousLength},
        Bad{"LengthAndCoding", WithHeader("Content-Length: 5\r\nTransfer-Encoding: chunked"), 400,
            kHttpAmbiguousLength},
        Bad{"CodingTwice", WithHeader("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), 400,
            kHttpAmbiguousLength},
        Bad{"CodingInHttp10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, kHttpAmbiguousLength},
        Bad{"CodingGzip", WithHeader("Transfer-Encoding: gzip, chunked"), 501, kHttpUnsupportedCoding},
        Bad{"CodingWithTail", WithHeader("Transfer-Encoding: chunked;x"), 501, kHttpUnsupportedCoding},
        Bad{"Length2To64", WithHeader("Content-Length: 18446744073709551615"), 413, kHttpBodyTooLarge},
        Bad{"Length2To70", WithHeader("Content-Length: 1180591620717411303424"), 413, kHttpBodyTooLarge},
        Bad{"Length8Gb", WithHeader("Content-Length: 8000000000"), 413, kHttpBodyTooLarge},
        Bad{"ChunkHuge", Chunked("FFFFFFFFFFFFFFFF\r\n"), 413, kHttpBodyTooLarge},
        Bad{"ChunkOver64Bits", Chunked("FFFFFFFFFFFFFFFFF\r\n"), 413, kHttpBodyTooLarge},
        Bad{"ChunkNegative", Chunked("-1\r\n"), 400, kHttpMalformedRequest},
        Bad{"ChunkInHexPrefix", Chunked("0x5\r\nhello\r\n"), 400, kHttpMalformedRequest},
        Bad{"ChunkWithoutSize", Chunked("\r\nhello\r\n"), 400, kHttpMalformedRequest},
        Bad{"ChunkWithoutCrLf", Chunked("5\r\nhelloXX"), 400, kHttpMalformedRequest},
        Bad{"ChunkEndsWithLf", Chunked("5\r\nhello\n"), 400, kHttpMalformedRequest},
        Bad{"ChunkSizeWithLf", Chunked("5\nhello\r\n0\r\n\r\n"), 400, kHttpMalformedRequest},
        Bad{"ChunkSizeWithSpaceBefore", Chunked(" 5\r\nhello\r\n"), 400, kHttpMalformedRequest},
        Bad{"ChunkSizeWithTrailingSpace", Chunked("5 \r\nhello\r\n"), 400, kHttpMalformedRequest},
        Bad{"ChunkLineLong", Chunked("5;" + std::string(2000, 'x')), 400, kHttpMalformedRequest},
        Bad{"TrailerBad", Chunked("0\r\nno colon\r\n\r\n"), 400, kHttpMalformedHeader},
        Bad{"TrailersEndless", Chunked("0\r\n" + std::string(20'000, 'x')), 431, kHttpHeadTooLarge},
        Bad{"HeaderWithoutColon", WithHeader("Nonsense"), 400, kHttpMalformedHeader},
        Bad{"HeaderFolded", WithHeader("X: a\r\n b"), 400, kHttpMalformedHeader},
        Bad{"HeaderSpaceBeforeColon", WithHeader("X : a"), 400, kHttpMalformedHeader},
        Bad{"HeaderWithoutName", WithHeader(": a"), 400, kHttpMalformedHeader},
        Bad{"HeaderWithNul", WithHeader(WithNul("X: a", "b")), 400, kHttpMalformedHeader},
        Bad{"HeaderWithBareCr", WithHeader("X: a\rb"), 400, kHttpMalformedHeader},
        Bad{"HeaderWithBareLf", WithHeader("X: a\nY: b"), 400, kHttpMalformedHeader},
        Bad{"HostMissing", "GET / HTTP/1.1\r\n\r\n", 400, kHttpBadHost},
        Bad{"HostTwice", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, kHttpBadHost},
        Bad{"HostEmpty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, kHttpBadHost},
        Bad{"HostPortTooHigh", "GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n", 400, kHttpBadHost},
        Bad{"HostWithPath", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, kHttpBadHost},
        Bad{"HostWithUser", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, kHttpBadHost},
        Bad{"HostDiffersFromTarget", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, kHttpBadHost},
        Bad{"VersionEmpty", "GET / \r\nHost: a\r\n\r\n", 400, kHttpMalformedRequest},
        Bad{"VersionMissing", "GET /\r\nHost: a\r\n\r\n", 400, kHttpMalformedRequest},
        Bad{"VersionLowerCase", "GET / http/1.1\r\nHost: a\r\n\r\n", 400, kHttpMalformedRequest},
        Bad{"Version12", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505, kHttpUnsupportedVersion},
        Bad{"Version2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, kHttpUnsupportedVersion},
        Bad{"MethodUnknown", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501, kHttpUnknownMethod},
        Bad{"MethodTrace", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501, kHttpUnknownMethod},
        Bad{"MethodLowerCase", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 501, kHttpUnknownMethod},
        Bad{"MethodWithBrackets", "G[T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, kHttpMalformedRequest},
        Bad{"TwoSpaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, kHttpMalformedRequest},
        Bad{"SpaceInTarget", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400, kHttpMalformedRequest},
        Bad{"BareLfBehindRequestLine", "GET / HTTP/1.1\nHost: a\n\n", 400, kHttpMalformedRequest},
        Bad{"TlsHello", std::string("\x16\x03\x01\x02", 4), 400, kHttpMalformedRequest},
        Bad{"NulInTarget", WithNul("GET /a", " HTTP/1.1\r\nHost: a\r\n\r\n"), 400, kHttpMalformedRequest},
        Bad{"FragmentInTarget", Get("/a#b"), 400, kHttpMalformedRequest},
        Bad{"TargetWithoutSlash", Get("a"), 400, kHttpMalformedRequest},
        Bad{"RawUtf8InTarget", Get("/\xc3\xa9"), 400, kHttpMalformedRequest},
        Bad{"StarOfGet", Get("*"), 400, kHttpMalformedRequest}, Bad{"EncodedNul", Get("/a%00b"), 400, kHttpBadPath},
        Bad{"EncodedNulInQuery", Get("/?a=%00"), 400, kHttpBadPath}, Bad{"InvalidUtf8", Get("/%ff"), 400, kHttpBadPath},
        Bad{"OverlongUtf8", Get("/%c0%af"), 400, kHttpBadPath}, Bad{"EscapeCutShort", Get("/%4"), 400, kHttpBadPath},
        Bad{"EscapeOfLetters", Get("/%zz"), 400, kHttpBadPath}, Bad{"DotDot", Get("/a/../b"), 400, kHttpBadPath},
        Bad{"DotDotAtTheEnd", Get("/a/.."), 400, kHttpBadPath},
        Bad{"EncodedDotDot", Get("/a/%2e%2E/b"), 400, kHttpBadPath},
        Bad{"DotDotBehindEncodedSlash", Get("/a/x%2f..%2fb"), 400, kHttpBadPath},
        Bad{"Dot", Get("/./a"), 400, kHttpBadPath},
        Bad{"Slashes50000", Get(std::string(50'000, '/')), 414, kHttpTargetTooLong},
        Bad{"TargetEndless", "GET /" + std::string(10'000, 'a'), 414, kHttpTargetTooLong},
        Bad{"HeadEndless", "GET / HTTP/1.1\r\nX: " + std::string(17'000, 'a'), 431, kHttpHeadTooLarge},
        Bad{"HeadTooLarge", WithHeader("X: " + std::string(17'000, 'a')), 431, kHttpHeadTooLarge},
        Bad{"ExpectationUnknown", WithHeader("Expect: 200-ok"), 417, kHttpUnknownExpectation}),
    [](const auto& info) { return info.param.name; });

TEST(RequestFramer, RefusesMoreThan100Headers) {
  std::string lines = "X: 0";
  for (int i = 0; i < 5'00; ++i) lines += "\r\nX: 1";
  EXPECT_EQ(ErrorOf(WithHeader(lines)).status, 431);
}

TEST(RequestFramer, StaysFailedWhateverFollows) {
  RequestFramer framer;
  framer.Feed(WithHeader("Content-Length: abc") + Get("/smuggled"));
  ASSERT_EQ(framer.Next(), FramerState::kError);
  framer.Feed(Get("/smuggled"));
  EXPECT_EQ(framer.Next(), FramerState::kError);
}

TEST(RequestFramer, CountsChunksTogetherAgainstTheBodyLimit) {
  EXPECT_EQ(ErrorOf(Chunked("5\r\nhello\r\n5\r\nhello\r\n1\r\n"), 10).status, 413);
  EXPECT_EQ(ErrorOf(WithHeader("Content-Length: 11"), 10).status, 413);
}

TEST(RequestFramer, AllocatesNothingForABodyThatOnlyIsPromised) {
  RequestFramer framer;
  framer.Feed(WithHeader("Content-Length: 4000000"));
  EXPECT_EQ(framer.Next(), FramerState::kNeedMore);
  EXPECT_EQ(framer.phase(), FramerPhase::kBody);
  EXPECT_EQ(framer.buffered(), 0u);
}

TEST(RequestFramer, KeepsAnEncodedSlashInsideItsSegment) {
  const HttpRequest request = RequestOf(Get("/v1/a%2Fb/%D0%96"));
  EXPECT_EQ(request.path_segments, (std::vector<std::string>{"v1", "a/b", "Ж"}));
  EXPECT_EQ(request.path, "/v1/a/b/Ж");
  EXPECT_TRUE(RequestOf(Get("/")).path_segments.empty());
  EXPECT_EQ(RequestOf(Get("/a/")).path_segments, (std::vector<std::string>{"a", ""}));
}

TEST(RequestFramer, KeepsTheQueryInOrderAndFindsDuplicates) {
  const HttpRequest request = RequestOf(Get("/?b=2&a=1&b=%26&flag&=x&&c+d=%2B"));
  EXPECT_EQ(request.query, (std::vector<std::pair<std::string, std::string>>{
                               {"b", "2"}, {"a", "1"}, {"b", "&"}, {"flag", ""}, {"", "x"}, {"c d", "+"}}));
  ASSERT_NE(request.DuplicatedQuery(), nullptr);
  EXPECT_EQ(*request.DuplicatedQuery(), "b");
  EXPECT_EQ(RequestOf(Get("/?a=1&b=1")).DuplicatedQuery(), nullptr);
}

TEST(RequestFramer, LetsOddTypedHeadersThrough) {
  const HttpRequest request =
      RequestOf(WithHeader("Cookie: a\r\nDate: foo\r\nContent-Type: foo\r\nAccept:\r\nCache-Control: "
                           "stale-while-revalidate=3\r\nConnection: upgrade"));
  EXPECT_EQ(*request.FindHeader("cookie"), "a");
  EXPECT_EQ(*request.FindHeader("date"), "foo");
  EXPECT_EQ(*request.FindHeader("content-type"), "foo");
  EXPECT_EQ(*request.FindHeader("accept"), "");
}

TEST(RequestFramer, TakesTheFormsOfATarget) {
  const HttpRequest absolute = RequestOf("GET http://a?x=1 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(absolute.path, "/");
  EXPECT_EQ(*absolute.FindQuery("x"), "1");
  EXPECT_EQ(RequestOf("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").path, "*");
  EXPECT_EQ(RequestOf("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n").path, "/");
}

struct KeepAlive {
  const char* head;
  bool keep;
};

TEST(RequestFramer, KnowsWhetherTheConnectionStays) {
  for (const KeepAlive& wanted : {KeepAlive{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
                                  KeepAlive{"GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n", false},
                                  KeepAlive{"GET / HTTP/1.1\r\nHost: a\r\nConnection: te, close\r\n\r\n", false},
                                  KeepAlive{"GET / HTTP/1.0\r\n\r\n", false},
                                  KeepAlive{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true}}) {
    RequestFramer framer;
    framer.Feed(wanted.head);
    ASSERT_EQ(framer.Next(), FramerState::kRequest) << wanted.head;
    EXPECT_EQ(framer.Take().keep_alive, wanted.keep) << wanted.head;
  }
}

TEST(RequestFramer, WantsContinueOnceAndOnlyWithoutABody) {
  RequestFramer waiting;
  waiting.Feed(WithHeader("Expect: 100-Continue\r\nContent-Length: 2"));
  ASSERT_EQ(waiting.Next(), FramerState::kNeedMore);
  EXPECT_TRUE(waiting.TakeContinueWanted());
  EXPECT_FALSE(waiting.TakeContinueWanted());
  RequestFramer sending;
  sending.Feed(WithHeader("Expect: 100-continue\r\nContent-Length: 2") + "a");
  ASSERT_EQ(sending.Next(), FramerState::kNeedMore);
  EXPECT_FALSE(sending.TakeContinueWanted());
}

}  // namespace
}  // namespace fermata
