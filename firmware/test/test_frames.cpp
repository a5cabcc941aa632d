// UART frames, byte by byte: MH-Z19 family and GSS ASCII.
#include <doctest/doctest.h>

#include <cstring>
#include <random>

#include "gss_frame.h"
#include "mhz19_frame.h"

using namespace ct;

namespace {

// FF start, 86 the answered command, 02 20 = 544 ppm, 58 checksum: the example of Winsen's manual.
constexpr uint8_t kFrame544[] = {0xFF, 0x86, 0x02, 0x20, 0x00, 0x00, 0x00, 0x00, 0x58};

Mhz19Result feed_all(Mhz19Parser& parser, const uint8_t* bytes, size_t size) {
  Mhz19Result last = Mhz19Result::need_more;
  for (size_t i = 0; i < size; ++i) last = parser.feed(bytes[i]);
  return last;
}

GssResult feed_text(GssParser& parser, const char* text) {
  GssResult last = GssResult::need_more;
  for (; *text != '\0'; ++text) {
    const GssResult result = parser.feed(static_cast<uint8_t>(*text));
    if (result != GssResult::need_more) last = result;
  }
  return last;
}

}  // namespace

TEST_SUITE_BEGIN("frames");

TEST_CASE("the manual's frame is 544 ppm") {
  Mhz19Parser parser;
  CHECK(feed_all(parser, kFrame544, 8) == Mhz19Result::need_more);
  CHECK(parser.feed(kFrame544[8]) == Mhz19Result::co2);
  CHECK(parser.co2_ppm() == 544);
}

TEST_CASE("MH-Z19: the high byte counts whole, as an MH-410D of the same family needs it") {
  constexpr uint8_t frame[] = {0xFF, 0x86, 0xC3, 0x50, 0x00, 0x00, 0x00, 0x00, 0x67};
  Mhz19Parser parser;
  CHECK(feed_all(parser, frame, sizeof frame) == Mhz19Result::co2);
  CHECK(parser.co2_ppm() == 50'000);
}

TEST_CASE("the commands carry the checksum that the manual gives") {
  CHECK(mhz19_checksum(kMhz19ReadCo2) == 0x79);
  CHECK(kMhz19ReadCo2[8] == 0x79);
  CHECK(mhz19_checksum(kMhz19AutoBaselineOff) == 0x86);
}

TEST_CASE("a wrong checksum is said, and gives no value") {
  Mhz19Parser parser;
  uint8_t frame[9];
  std::memcpy(frame, kFrame544, 9);
  frame[3] ^= 1;
  CHECK(feed_all(parser, frame, 9) == Mhz19Result::bad_checksum);
  CHECK(parser.co2_ppm() == 0);
  CHECK(feed_all(parser, kFrame544, 9) == Mhz19Result::co2);
}

TEST_CASE("an answer to another command is no CO2") {
  Mhz19Parser parser;
  uint8_t frame[] = {0xFF, 0x79, 0x01, 0, 0, 0, 0, 0, 0};
  frame[8] = mhz19_checksum(frame);
  CHECK(feed_all(parser, frame, 9) == Mhz19Result::other_answer);
}

TEST_CASE("a frame torn in the middle costs itself, not the next one") {
  for (size_t cut = 1; cut < 9; ++cut) {
    Mhz19Parser parser;
    feed_all(parser, kFrame544, cut);
    Mhz19Result found = Mhz19Result::need_more;
    for (int i = 0; i < 2 && found != Mhz19Result::co2; ++i) {
      for (uint8_t byte : kFrame544) {
        const Mhz19Result result = parser.feed(byte);
        if (result == Mhz19Result::co2) found = result;
      }
    }
    CAPTURE(cut);
    CHECK(found == Mhz19Result::co2);
    CHECK(parser.co2_ppm() == 544);
  }
}

TEST_CASE("garbage full of start bytes is searched for the frame inside") {
  Mhz19Parser parser;
  const uint8_t noise[] = {0x00, 0xFF, 0xFF, 0x12, 0xFF};
  feed_all(parser, noise, sizeof noise);
  Mhz19Result result = Mhz19Result::need_more;
  for (int i = 0; i < 3 && result != Mhz19Result::co2; ++i) {
    for (uint8_t byte : kFrame544) {
      if ((result = parser.feed(byte)) == Mhz19Result::co2) break;
    }
  }
  CHECK(result == Mhz19Result::co2);
  CHECK(parser.co2_ppm() == 544);
  CHECK(parser.skipped_count() >= 3);
}

TEST_CASE("any bytes are survived, and a good frame is found soon after") {
  std::mt19937 random(7);
  Mhz19Parser parser;
  GssParser gss;
  for (int i = 0; i < 20'000; ++i) {
    const uint8_t byte = static_cast<uint8_t>(random());
    parser.feed(byte);
    gss.feed(byte);
  }
  int tries = 0;
  while (feed_all(parser, kFrame544, 9) != Mhz19Result::co2 && tries < 3) ++tries;
  CHECK(tries < 3);
  gss.feed('\n');
  gss.set_multiplier(10);
  CHECK(feed_text(gss, " Z 00521\r\n") == GssResult::co2);
}

TEST_CASE("a SprintIR line is its number times the multiplier") {
  GssParser parser;
  CHECK(feed_text(parser, " Z 09325\r\n") == GssResult::no_multiplier);
  CHECK(feed_text(parser, " . 00010\r\n") == GssResult::multiplier);
  CHECK(feed_text(parser, " Z 09325\r\n") == GssResult::co2);
  CHECK(parser.co2_ppm() == 93'250.0);
}

TEST_CASE("filtered and unfiltered in one line: Z counts") {
  GssParser parser;
  parser.set_multiplier(1);
  CHECK(feed_text(parser, " Z 00651 z 00604\r\n") == GssResult::co2);
  CHECK(parser.co2_ppm() == 651.0);
  CHECK(feed_text(parser, " H 00551 T 01265 Z 00652\r\n") == GssResult::co2);
  CHECK(parser.co2_ppm() == 652.0);
}

TEST_CASE("what a GSS sensor says besides CO2 is told apart") {
  GssParser parser;
  parser.set_multiplier(10);
  CHECK(feed_text(parser, " K 00002\r\n") == GssResult::other_answer);
  CHECK(feed_text(parser, " ?\r\n") == GssResult::not_understood);
  CHECK(feed_text(parser, "\r\n") == GssResult::need_more);
  CHECK(feed_text(parser, " Z 0932\r\n") == GssResult::bad_line);
  CHECK(feed_text(parser, " Z 093255\r\n") == GssResult::bad_line);
  CHECK(feed_text(parser,
                  " Z 0\x01"
                  "0521\r\n") == GssResult::bad_line);
  CHECK(feed_text(parser, "\x01\r\n") == GssResult::bad_line);
}

TEST_CASE("stray bytes before an answer do not cost it") {
  GssParser parser;
  parser.set_multiplier(10);
  CHECK(feed_text(parser, "\x80k\xFF Z 00521\r\n") == GssResult::co2);
  CHECK(parser.co2_ppm() == 5'210.0);
}

TEST_CASE("a broken multiplier is not believed") {
  GssParser parser;
  CHECK(feed_text(parser, " . 00007\r\n") == GssResult::bad_line);
  CHECK(parser.multiplier() == 0);
}

TEST_CASE("a line without end does not grow, and the one after it is read") {
  GssParser parser;
  parser.set_multiplier(1);
  for (int i = 0; i < 1000; ++i) CHECK(parser.feed('Z') == GssResult::need_more);
  CHECK(parser.feed('\n') == GssResult::bad_line);
  CHECK(feed_text(parser, " Z 00400\r\n") == GssResult::co2);
}

TEST_SUITE_END();
