// protocol/archive.h: cereal archives over memory, little-endian, with every length checked before
// anything is allocated. (Plain cereal believes a length prefix: 15 hostile bytes cost it 4 GB.)
// Internal to protocol.
#pragma once

#include <bit>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <cereal/cereal.hpp>
#include <cereal/types/vector.hpp>

namespace trawl::protocol {

static_assert(std::endian::native == std::endian::little, "the wire format is little-endian");

class Output : public cereal::OutputArchive<Output, cereal::AllowEmptyClassElision> {
 public:
  explicit Output(std::string& bytes) : OutputArchive(this), bytes_(bytes) {}
  void raw(const void* data, std::size_t size) {
    bytes_.append(static_cast<const char*>(data), size);
  }

 private:
  std::string& bytes_;
};

class BoundedInput : public cereal::InputArchive<BoundedInput, cereal::AllowEmptyClassElision> {
 public:
  explicit BoundedInput(std::span<const char> bytes) : InputArchive(this), bytes_(bytes) {}

  void raw(void* data, std::size_t size) {
    if (size > bytes_.size()) throw cereal::Exception("the message is cut off");
    std::memcpy(data, bytes_.data(), size);
    bytes_ = bytes_.subspan(size);
  }
  std::size_t left() const { return bytes_.size(); }

  /// A nested value begins; nothing we send nests deeper than 64.
  void enter() {
    if (++depth_ > kDepthMax) throw cereal::Exception("the message nests too deep");
  }
  void leave() { --depth_; }

 private:
  static constexpr int kDepthMax = 64;
  std::span<const char> bytes_;
  int depth_ = 0;
};

template <class T>
requires std::is_arithmetic_v<T>
void CEREAL_SAVE_FUNCTION_NAME(Output& archive, const T& value) {
  archive.raw(&value, sizeof value);
}

template <class T>
requires std::is_arithmetic_v<T>
void CEREAL_LOAD_FUNCTION_NAME(BoundedInput& archive, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    unsigned char byte = 0;
    archive.raw(&byte, 1);
    if (byte > 1) throw cereal::Exception("a truth value is neither 0 nor 1");
    value = byte == 1;
  } else {
    archive.raw(&value, sizeof value);
  }
}

template <class T>
void CEREAL_SERIALIZE_FUNCTION_NAME(Output& archive, cereal::NameValuePair<T>& pair) {
  archive(pair.value);
}
template <class T>
void CEREAL_SERIALIZE_FUNCTION_NAME(BoundedInput& archive, cereal::NameValuePair<T>& pair) {
  archive(pair.value);
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(Output& archive, const cereal::SizeTag<T>& tag) {
  const auto size = static_cast<std::uint64_t>(tag.size);
  archive.raw(&size, sizeof size);
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(BoundedInput& archive, cereal::SizeTag<T>& tag) {
  std::uint64_t size = 0;
  archive.raw(&size, sizeof size);
  // Every element that we send takes at least one byte.
  if (size > archive.left()) throw cereal::Exception("a length goes past the end");
  tag.size = static_cast<std::remove_reference_t<decltype(tag.size)>>(size);
}

// Element by element, so that a list takes memory only for what is really there: an element may be
// a hundred times larger than the byte that promises it.
template <class T>
requires(!std::is_arithmetic_v<T>) void CEREAL_LOAD_FUNCTION_NAME(BoundedInput& archive,
                                                                  std::vector<T>& elements) {
  cereal::size_type count = 0;
  archive(cereal::make_size_tag(count));
  elements.clear();
  for (; count > 0; --count) archive(elements.emplace_back());
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(Output& archive, const cereal::BinaryData<T>& data) {
  archive.raw(data.data, static_cast<std::size_t>(data.size));
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(BoundedInput& archive, cereal::BinaryData<T>& data) {
  archive.raw(data.data, static_cast<std::size_t>(data.size));
}

}  // namespace trawl::protocol

CEREAL_REGISTER_ARCHIVE(trawl::protocol::Output)
CEREAL_REGISTER_ARCHIVE(trawl::protocol::BoundedInput)
CEREAL_SETUP_ARCHIVE_TRAITS(trawl::protocol::BoundedInput, trawl::protocol::Output)
