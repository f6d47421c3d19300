//! The allocator: 3 kB smaller than the standard one, and a page has one thread for it.
#![allow(unsafe_code)]

use lol_alloc::{AssumeSingleThreaded, FreeListAllocator};

// SAFETY: WebAssembly of a page runs on one thread; nothing here shares its memory with a worker.
#[global_allocator]
static ALLOCATOR: AssumeSingleThreaded<FreeListAllocator> =
    unsafe { AssumeSingleThreaded::new(FreeListAllocator::new()) };
