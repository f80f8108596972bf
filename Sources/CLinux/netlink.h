/* Routes and links, as the kernel tells them. No rules here. */
#pragma once
#include <stdint.h>
