// Every number of the firmware that can be tuned, with its unit. No secrets, nothing that differs between sites
// (settings.h), nothing that the wire format fixes (payload.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace ct::config {

inline constexpr const char* kFirmwareVersion = "0.1.0";

// --- Sampling ---
inline constexpr uint32_t kSamplePeriodMs = 1000;  // the sensors are asked this often; several samples make a reading
inline constexpr uint32_t kDefaultIntervalMs = 5000;
// The same share as science/stack.py, so that device and server never disagree about one value.
inline constexpr double kOverRangeShare = 0.98;
// A pitot's noise may read this far below zero; beyond it the hoses are swapped.
inline constexpr double kDifferentialPressureNoisePa = 0.5;

// --- Outbox ---
inline constexpr size_t kRamReadings = 120;        // 10 min at 5 s, about 11 KB
inline constexpr uint32_t kFlushAfterMs = 60'000;  // the most that a power cut loses
inline constexpr size_t kSegmentBytes = 4096;      // one LittleFS block: a larger file would not pack better
// 64 bytes of RAM each. A 1.375 MiB partition has 352 blocks; -DCT_MAX_SEGMENTS for a larger one.
#ifndef CT_MAX_SEGMENTS
#define CT_MAX_SEGMENTS 400
#endif
inline constexpr size_t kMaxSegments = CT_MAX_SEGMENTS;
inline constexpr size_t kMaxSegmentRecords = 128;  // bits of the answered-map of a segment
inline constexpr unsigned kThinAbovePct = 80;
inline constexpr unsigned kDropAbovePct = 95;  // the rest is room for marks and for LittleFS itself
inline constexpr int64_t kThinSpanMs = 60'000;

// --- Sending ---
inline constexpr size_t kWindow = 2;  // messages on their way; the last place is for live readings only
inline constexpr size_t kLiveBatch = 12;
inline constexpr size_t kReplayBatch = 30;
inline constexpr uint32_t kLongestLiveWaitMs = 45'000;  // an incomplete live batch is sent after this
inline constexpr uint32_t kFirstResendMs = 15'000;
inline constexpr uint32_t kLongestResendMs = 300'000;
inline constexpr unsigned kPassedOverLimit = 5;  // unanswered while later ones are: then alone; as often again: refused
inline constexpr size_t kSuspects = 64;          // readings whose unanswered attempts are remembered
inline constexpr size_t kRefusedKept = 64;
inline constexpr size_t kPayloadBytes = 12'288;  // 30 readings with every optional value

// --- Connection ---
inline constexpr uint32_t kFirstReconnectMs = 1000;
inline constexpr uint32_t kLongestReconnectMs = 60'000;
inline constexpr uint32_t kRefusedReconnectMs = 60'000;  // a refused login is refused again a second later
inline constexpr uint32_t kConnectTimeoutMs = 30'000;
inline constexpr uint32_t kStatusEveryMs = 60'000;
inline constexpr size_t kMessageBytes = 4096;  // the longest `committed`: 100 ranges and 100 refusals fit

// --- Clock ---
inline constexpr int64_t kEarliestUnixMs = 1'735'689'600'000;  // 2025: an earlier clock was never set

// --- State kept over a restart ---
inline constexpr uint32_t kStateEveryMs = 600'000;  // while all is answered nothing else is written to flash

// --- Watchdog ---
inline constexpr uint32_t kSamplingDeadlineMs = 30'000;
inline constexpr uint32_t kOutboxDeadlineMs = 60'000;
inline constexpr uint32_t kLinkDeadlineMs = 120'000;

}  // namespace ct::config
