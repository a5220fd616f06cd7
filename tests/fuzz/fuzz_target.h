// tests/fuzz/fuzz_target.h: what the fuzz targets share. A target is one file with the function
// that libFuzzer calls; it must return 0, keep nothing between calls, and crash where something is
// wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <unistd.h>

namespace trawl::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Ends the process, as a crash that libFuzzer keeps the input of, where `holds` is false.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: %s\n", what);
  std::abort();
}

/// A folder of this process, in memory where there is /dev/shm; removed at its end.
class Folder {
 public:
  Folder() {
    const bool has_memory = access("/dev/shm", W_OK) == 0;
    path_ = std::string(has_memory ? "/dev/shm" : "/tmp") + "/trawl-fuzz-XXXXXX";
    require(mkdtemp(path_.data()) != nullptr, "cannot make a folder");
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace trawl::fuzz
