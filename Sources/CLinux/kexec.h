/* Loading and starting another kernel: system calls without a wrapper in libc. No rules here. */
#pragma once
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>
