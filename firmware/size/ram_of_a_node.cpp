// What a node allocates once, at boot, as objects whose size a tool can read: nothing here is ever linked. The rest of
// its memory is its stack and what the board's own libraries take.
#include "node.h"

namespace ct {

alignas(8) char node[sizeof(Node)] = {};
alignas(8) char index_of_segments[config::kMaxSegments * sizeof(Segment)] = {};
char buffer_of_segments[config::kSegmentBytes] = {};
char buffer_of_thinner[config::kSegmentBytes] = {};

}  // namespace ct
