// An elementwise loss is taken in tiles of about two kilobytes, whose operands lie in the first-level cache as plain
// arrays of the type of arithmetic T, wherever and however they are stored. Tiles are taken together in blocks, whose
// sums do not depend on the number of threads.

#pragma once

#include "../parallel.h"
#include "elements.h"

namespace XENT_ISA {
namespace {

// Elements of the largest tile.
template <class T>
constexpr int64_t TILE = 2048 / int64_t(sizeof(T));

constexpr int64_t BLOCK_ELEMENTS = 16384;
constexpr int64_t MOST_BLOCKS = 4096;
// Blocks that are worth another thread.
constexpr int64_t BLOCKS_A_THREAD = 2;
// Vectors whose sum is taken in float before it is added in double.
constexpr int64_t VECTORS_A_SUM = 8;

// Several whole rows, or a part of one.
struct Tile {
    int64_t row, column, rows, columns;

    int64_t count() const { return rows * columns; }
};

class Tiling {
public:
    Tiling(int64_t rows, int64_t columns, int64_t limit) : rows(rows), columns(columns) {
        if (rows <= 0 || columns <= 0) return;
        const int64_t parts = (columns + limit - 1) / limit;
        tile_columns = parts == 1 ? columns : rounded_up((columns + parts - 1) / parts, WHOLE);
        tile_rows = parts == 1 ? smaller(whole_rows(limit / columns), rows) : 1;
        tiles_a_row = (columns + tile_columns - 1) / tile_columns;
        tiles = (rows + tile_rows - 1) / tile_rows * tiles_a_row;
        const int64_t wanted = BLOCK_ELEMENTS / (tile_rows * tile_columns);
        tiles_a_block = larger(larger(wanted, 1), (tiles + MOST_BLOCKS - 1) / MOST_BLOCKS);
        blocks = (tiles + tiles_a_block - 1) / tiles_a_block;
    }

    Tile operator[](int64_t tile) const {
        const int64_t row = tile / tiles_a_row * tile_rows, column = tile % tiles_a_row * tile_columns;
        return {row, column, smaller(tile_rows, rows - row), smaller(tile_columns, columns - column)};
    }

    // Whether a view holds the same numbers for every tile.
    bool repeats(const XentView& view) const {
        return (view.outer == 0 || rows == 1) && (view.along == 0 || tiles_a_row == 1);
    }

    int64_t elements() const { return rows * columns; }
    int64_t first_tile(int64_t block) const { return smaller(block * tiles_a_block, tiles); }

    const int64_t rows, columns;
    int64_t blocks = 0;

private:
    static constexpr int64_t WHOLE = 16;  // elements that are whole vectors in every instruction set

    // At most `most` rows, and if that leaves any, as many as hold a multiple of WHOLE elements.
    int64_t whole_rows(int64_t most) const {
        const int64_t power_of_two = columns & -columns;
        const int64_t step = power_of_two < WHOLE ? WHOLE / power_of_two : 1;
        return most < step ? most : most - most % step;
    }

    int64_t tile_rows = 1, tile_columns = 1, tiles_a_row = 1, tiles = 0, tiles_a_block = 1;
};

// The numbers of a view, tile by tile; `absent` everywhere if there is no view.
template <class T>
class Operand {
public:
    Operand(const XentView& view, const Tiling& tiling, T absent)
        : Operand(view, tiling, absent, Storage<T>::of(view.dtype)) {}

    static Operand of_mask(const XentView& view, const Tiling& tiling) {
        return Operand(view, tiling, T(1), Storage<T>::of_mask());
    }

    bool given() const { return view.data; }

    // The tile's numbers in the order of rows, in an array that ends with a whole vector. It holds until the next call.
    const T* read(const Tile& tile) {
        if (fixed) return buffer;
        const bool one_run = tile.rows == 1 || tile.columns == 1 || view.outer == tile.columns * view.along;
        if (!one_run) return gathered(tile);
        const int64_t stride = tile.columns == 1 ? view.outer : view.along, count = tile.count();
        const char* first = address(tile.row, tile.column);
        if (stride == 1 && !recurs) prefetch(first + PREFETCH_BYTES, count * storage.size);
        const bool as_it_is = stride == 1 && storage.read == &read_run<T, T> && count % LANES<T> == 0;
        return as_it_is ? reinterpret_cast<const T*>(first) : filled(first, stride, count);
    }

private:
    Operand(const XentView& view, const Tiling& tiling, T absent, const Storage<T>& storage)
        : view(view),
          storage(storage),
          fixed(!view.data || tiling.repeats(view)),
          recurs(view.outer == 0 && tiling.rows > 1) {
        if (!view.data)
            for (T& x : buffer) x = absent;
        else if (fixed && tiling.elements())
            gathered(tiling[0]);
    }

    const char* address(int64_t row, int64_t column) const {
        return static_cast<const char*>(view.data) + (row * view.outer + column * view.along) * storage.size;
    }

    const T* filled(const char* first, int64_t stride, int64_t count) {
        storage.read(first, stride, count, buffer);
        return ended(count);
    }

    const T* gathered(const Tile& tile) {
        for (int64_t r = 0; r < tile.rows; ++r)
            storage.read(address(tile.row + r, tile.column), view.along, tile.columns, buffer + r * tile.columns);
        return ended(tile.count());
    }

    const T* ended(int64_t count) {
        for (int64_t i = count; i < rounded_up(count, LANES<T>); ++i) buffer[i] = T(0);
        return buffer;
    }

    const XentView& view;
    const Storage<T> storage;
    const bool fixed;   // the same numbers for every tile
    const bool recurs;  // the same for every row, and so in the caches
    alignas(LINE) T buffer[TILE<T>];
};

// A result, tile by tile.
template <class T>
class Result {
public:
    Result(const XentView& view, const Tiling& tiling)
        : view(view),
          storage(Storage<T>::of(view.dtype)),
          streamed(view.along == 1 && tiling.elements() * storage.size >= STREAM_BYTES) {}

    bool wanted() const { return view.data; }

    // Room for a tile, from which `write` takes it.
    T* tile_if_wanted() { return wanted() ? buffer : nullptr; }

    void write(const Tile& tile) const {
        if (!wanted()) return;
        const bool one_run = tile.rows == 1 || view.outer == tile.columns * view.along;
        const int64_t runs = one_run ? 1 : tile.rows, count = tile.count() / runs;
        for (int64_t r = 0; r < runs; ++r) put(tile.row + r, tile.column, buffer + r * count, count);
    }

private:
    void put(int64_t row, int64_t column, const T* from, int64_t count) const {
        char* to = static_cast<char*>(view.data) + (row * view.outer + column * view.along) * storage.size;
        if (!streamed) return storage.write(from, count, to, view.along);
        if (storage.write == &write_run<T, T>) return stream_copy(to, from, count * storage.size);
        alignas(LINE) T converted[TILE<T>];
        storage.write(from, count, converted, 1);
        stream_copy(to, converted, count * storage.size);
    }

    const XentView& view;
    const Storage<T> storage;
    const bool streamed;
    alignas(LINE) T buffer[TILE<T>];
};

// The first `count` lanes, or all; count fits the lanes' type.
template <class T>
XENT_INLINE Mask<T> first_lanes(int64_t count) {
    return lane_numbers<T>() < typename IntOf<T>::Type(count);
}

// A vector of which only the first `count` lanes count; the others are 0.
template <class T>
XENT_INLINE V<T> first_of(V<T> x, int64_t count) {
    return count >= LANES<T> ? x : keep<T>(first_lanes<T>(count), x);
}

// Adds up element(i), a vector, for i = 0, LANES, ... below count; lanes beyond count do not count.
template <class T, class Element>
XENT_INLINE void add_vectors(DoubleSum& sum, int64_t count, const Element& element) {
    for (int64_t begin = 0; begin < count; begin += VECTORS_A_SUM * LANES<T>) {
        V<T> partial = {};
        const int64_t end = smaller(begin + VECTORS_A_SUM * LANES<T>, count);
        for (int64_t i = begin; i < end; i += LANES<T>) partial += first_of<T>(element(i), end - i);
        sum.add(partial);
    }
}

// Work on the tiles of a problem, done by one Worker for each thread's stretch of blocks:
//     Worker(const Problem&);  void begin_block();  void take(const Tile&);  DoubleSum sum;
template <class Worker, class Problem>
class BlockSums {
public:
    // Sum of what the workers sum up.
    static double of(const Problem& problem) {
        BlockSums work(problem);
        xent_parallel_for(problem.tiling.blocks, BLOCKS_A_THREAD, run, &work);
        double total = 0;
        for (int64_t block = 0; block < problem.tiling.blocks; ++block) total += work.sums[block];
        return total;
    }

private:
    explicit BlockSums(const Problem& problem) : problem(problem) {}

    static void run(int64_t begin, int64_t end, void* context) {
        BlockSums& work = *static_cast<BlockSums*>(context);
        const Tiling& tiling = work.problem.tiling;
        Worker worker(work.problem);
        for (int64_t block = begin; block < end; ++block) {
            worker.begin_block();
            for (int64_t tile = tiling.first_tile(block); tile < tiling.first_tile(block + 1); ++tile)
                worker.take(tiling[tile]);
            work.sums[block] = worker.sum.take();
        }
        stream_fence();
    }

    const Problem& problem;
    double sums[MOST_BLOCKS];
};

}  // namespace
}  // namespace XENT_ISA
