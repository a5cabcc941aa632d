// The ASCII lines of Gas Sensing Solutions' sensors (SprintIR, ExplorIR, CozIR): " Z 00521\r\n", a letter and five
// digits, perhaps several pairs in one line. Ppm is the number of Z times the sensor's multiplier, asked for by ".".
#pragma once

#include <cstddef>
#include <cstdint>

namespace ct {

extern const char kGssPolling[];         // "K 2": answers only when asked
extern const char kGssAskMultiplier[];   // "."
extern const char kGssAskCo2[];          // "Z": filtered CO2
extern const char kGssAutoZeroOff[];     // "@ 0": it would take the lowest value of a week for fresh air
extern const char kGssZeroInNitrogen[];  // "U"

enum class GssResult { need_more, co2, multiplier, not_understood, no_multiplier, bad_line, other_answer };

class GssParser {
 public:
  GssResult feed(uint8_t byte);
  // 0 until the sensor has told it. Without it a number is no concentration, so nothing is reported.
  void set_multiplier(uint32_t multiplier) { multiplier_ = multiplier; }
  uint32_t multiplier() const { return multiplier_; }
  double co2_ppm() const { return co2_ppm_; }

 private:
  GssResult finish_line();

  char line_[40] = {};
  size_t size_ = 0;
  bool is_too_long_ = false, has_garbage_ = false;
  uint32_t multiplier_ = 0;
  double co2_ppm_ = 0;
};

}  // namespace ct
