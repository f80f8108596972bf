# Sourced: tiny local disks that say LOCAL DISK on the console and do nothing else, byte by byte, so that
# the lab needs neither an assembler nor another boot loader.

put() { printf '%b' "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; } # FILE OFFSET ESCAPES

bios_disk() { # FILE: a boot sector that writes to COM1
  local code=''
  code+='\x31\xc0\x8e\xd8\xfc'             #       xor ax,ax; mov ds,ax; cld
  code+='\xbe\x21\x7c'                     #       mov si,text
  code+='\xac\x84\xc0\x74\x11'             # next: lodsb; test al,al; jz halt
  code+='\x88\xc4\xba\xfd\x03'             #       mov ah,al; mov dx,3fdh
  code+='\xec\xa8\x20\x74\xfb'             # wait: in al,dx; test al,20h; jz wait
  code+='\x88\xe0\xb2\xf8\xee\xeb\xea'     #       mov al,ah; mov dl,f8h; out dx,al; jmp next
  code+='\xf4\xeb\xfd'                     # halt: hlt; jmp halt
  truncate -s 1M "$1"
  put "$1" 0 "$code"'\r\nLOCAL DISK\r\n\0' # text
  put "$1" 510 '\x55\xaa'
}

uefi_disk() { # FOLDER: \EFI\BOOT\BOOTX64.EFI, a program that calls ConOut->OutputString; QEMU makes a FAT of it
  local file=$1/EFI/BOOT/BOOTX64.EFI
  mkdir -p "${file%/*}"
  truncate -s 1024 "$file"
  put "$file" 0 'MZ'
  put "$file" 60 '\x40'                    # where the PE header is
  put "$file" 64 'PE\0\0\x64\x86\x01\0'    # x86-64, one section
  put "$file" 84 '\xf0\0\x22\0'            # size of the optional header; executable
  put "$file" 88 '\x0b\x02\0\0\0\x02'      # PE32+; 512 bytes of code
  put "$file" 105 '\x10\0\0\0\x10'         # entry and base of code: 0x1000
  put "$file" 121 '\x10\0\0\0\x02'         # alignment: 0x1000 in memory, 0x200 in the file
  put "$file" 145 '\x20\0\0\0\x02'         # image 0x2000, headers 0x200
  put "$file" 156 '\x0a'                   # an EFI application
  put "$file" 196 '\x10'                   # sixteen empty directories
  put "$file" 328 '.text\0\0\0\0\x02\0\0\0\x10\0\0\0\x02\0\0\0\x02'
  put "$file" 364 '\x20\0\0\x60'
  # sub rsp,28h; mov rcx,[rdx+40h]; lea rdx,[rip+5]; call [rcx+8]; jmp self; text
  put "$file" 512 '\x48\x83\xec\x28\x48\x8b\x4a\x40\x48\x8d\x15\x05\0\0\0\xff\x51\x08\xeb\xfe'
  put "$file" 532 '\r\0\n\0L\0O\0C\0A\0L\0 \0D\0I\0S\0K\0\r\0\n\0\0\0'
}
