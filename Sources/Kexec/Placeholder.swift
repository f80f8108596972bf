import BootCore
