/* Disks, mounts and terminals. No rules here. */
#pragma once
#include <stdint.h>
