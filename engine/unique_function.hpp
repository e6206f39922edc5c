// A callable that is moved, never copied, and that lives inside its holder when it is small.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace headrace::engine {

template <class Signature, std::size_t InlineSize = 96>
class UniqueFunction;

/// What std::move_only_function is in C++23, with room for InlineSize bytes of captures before it
/// takes to the heap.
template <class R, class... Args, std::size_t InlineSize>
class UniqueFunction<R(Args...), InlineSize> {
 public:
  UniqueFunction() noexcept = default;
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, UniqueFunction> &&
           std::is_invocable_r_v<R, std::remove_cvref_t<F>&, Args...>)
      UniqueFunction(F&& function) {  // NOLINT: as std::function, made from any callable
    using Target = std::remove_cvref_t<F>;
    if constexpr (fits<Target>) {
      new (&storage_) Target(std::forward<F>(function));
      table_ = &inline_table<Target>;
    } else {
      new (&storage_) Target*(new Target(std::forward<F>(function)));
      table_ = &heap_table<Target>;
    }
  }
  UniqueFunction(UniqueFunction&& other) noexcept { take(other); }
  UniqueFunction& operator=(UniqueFunction&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  ~UniqueFunction() { reset(); }

  explicit operator bool() const noexcept { return table_ != nullptr; }
  R operator()(Args... args) { return table_->invoke(&storage_, std::forward<Args>(args)...); }
  void reset() noexcept {
    if (table_ != nullptr) std::exchange(table_, nullptr)->destroy(&storage_);
  }

 private:
  struct Table {
    R (*invoke)(void*, Args&&...);
    void (*relocate)(void* from, void* to) noexcept;
    void (*destroy)(void*) noexcept;
  };
  template <class Target>
  static constexpr bool fits =
      sizeof(Target) <= InlineSize &&
      alignof(Target) <= alignof(std::max_align_t) && std::is_nothrow_move_constructible_v<Target>;

  template <class Target>
  static constexpr Table inline_table = {
      [](void* at, Args&&... args) -> R {
        return (*static_cast<Target*>(at))(std::forward<Args>(args)...);
      },
      [](void* from, void* to) noexcept {
        new (to) Target(std::move(*static_cast<Target*>(from)));
        static_cast<Target*>(from)->~Target();
      },
      [](void* at) noexcept { static_cast<Target*>(at)->~Target(); }};

  template <class Target>
  static constexpr Table heap_table = {
      [](void* at, Args&&... args) -> R {
        return (**static_cast<Target**>(at))(std::forward<Args>(args)...);
      },
      [](void* from, void* to) noexcept { new (to) Target*(*static_cast<Target**>(from)); },
      [](void* at) noexcept { delete *static_cast<Target**>(at); }};

  void take(UniqueFunction& other) noexcept {
    table_ = std::exchange(other.table_, nullptr);
    if (table_ != nullptr) table_->relocate(&other.storage_, &storage_);
  }

  const Table* table_ = nullptr;
  alignas(std::max_align_t) std::byte storage_[InlineSize];
};

}  // namespace headrace::engine
