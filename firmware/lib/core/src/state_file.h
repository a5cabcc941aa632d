// The state that survives a restart beside readings: where the last boot ended, how often the flash was formatted, and
// the command that asked for the restart. Two files take turns, so that a power cut always leaves one whole.
#pragma once

#include <cstdint>

#include "commands.h"
#include "ports.h"

namespace ct {

struct KeptState {
  uint32_t stream = 0;  // of the boot that wrote it
  uint32_t seq = 0;     // the last it had given when it wrote
  uint32_t formatted_count = 0;
  uint32_t undatable_count = 0;
  char restart_command_id[kCommandIdBytes] = {};
};

class StateFile {
 public:
  explicit StateFile(Storage& storage) : storage_(storage) {}

  // False when neither file holds a sound state: a first boot.
  bool load(KeptState& state);
  bool save(const KeptState& state);

 private:
  Storage& storage_;
  uint32_t generation_ = 0;
  unsigned next_ = 0;  // the file that is written next: never the one that was read
};

}  // namespace ct
