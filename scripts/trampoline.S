# The code that the running kernel jumps to after kexec_load, and that jumps to the next one.
#
# It is entered at its first byte in 64-bit mode, in memory mapped one to one, with interrupts off, at a page
# below 4 GiB (below 1 MiB for real mode). The rest of its page is its stack. scripts/trampoline.sh writes its
# bytes to Sources/Kexec/Load/TrampolineCode.swift; Trampoline.swift fills in the fields at 0x08.
    .text
    .code64
start:
    jmp     begin
    .org    0x08
entry:      .quad 0             # where to go; in real mode the segment in bits 16-31, the offset in bits 0-15
parameters: .quad 0             # RSI, ESI; in real mode the segment of data and stack
value_a:    .long 0             # EAX; in real mode SP
value_b:    .long 0             # EBX
mode:       .long 64            # bits of the entry: 64, 32 or 16
            .long 0
gdt:                            # the boot protocol of Linux asks for 0x10 and 0x18
    .quad   0, 0
    .quad   0x00af9b000000ffff  # 0x10: all memory, code of 64 bits; 0xcf for 32
    .quad   0x00cf93000000ffff  # 0x18: all memory, data
    .quad   0x00009b000000ffff  # 0x20: 64 KiB from this page on, code of 16 bits
    .quad   0x000093000000ffff  # 0x28: the first 64 KiB, data of 16 bits
gdt_end:
gdt_register:       .word gdt_end - gdt - 1
gdt_address:        .quad 0
interrupt_table:    .word 0x3ff # where real mode has it
                    .long 0
real_address:       .word real - start
real_segment:       .word 0

begin:
    cli
    cld
    lea     start(%rip), %rbp
    lea     0x1000(%rbp), %rsp
    lea     gdt(%rip), %rax
    mov     %rax, gdt_address(%rip)
    cmpl    $64, mode(%rip)
    je      1f
    movb    $0xcf, gdt + 0x16(%rip)
1:  lgdt    gdt_register(%rip)
    mov     $0x18, %eax
    mov     %eax, %ds
    mov     %eax, %es
    mov     %eax, %fs
    mov     %eax, %gs
    mov     %eax, %ss
    cmpl    $64, mode(%rip)
    jne     2f
    mov     parameters(%rip), %rsi
    pushq   $0x10
    pushq   entry(%rip)
    xor     %eax, %eax
    xor     %ebp, %ebp
    lretq
2:  lea     protected(%rip), %rax
    pushq   $0x10
    push    %rax
    lretq

    .code32
protected:                      # still long mode, compatible
    mov     $0x11, %eax         # no paging
    mov     %eax, %cr0
    jmp     3f
3:  mov     $0xc0000080, %ecx   # EFER: no long mode
    rdmsr
    btr     $8, %eax
    wrmsr
    xor     %eax, %eax          # no extended page tables, of five levels or four
    mov     %eax, %cr4
    mov     $0x18, %eax
    mov     %eax, %ds
    mov     %eax, %es
    mov     %eax, %fs
    mov     %eax, %gs
    mov     %eax, %ss
    cmpl    $16, mode - start(%ebp)
    je      to_real
    mov     value_a - start(%ebp), %eax
    mov     value_b - start(%ebp), %ebx
    mov     parameters - start(%ebp), %esi
    pushl   entry - start(%ebp)
    xor     %ecx, %ecx
    xor     %edx, %edx
    xor     %edi, %edi
    xor     %ebp, %ebp
    ret

to_real:
    # A BIOS expects its interrupts at 0x08 and 0x70; Linux had them elsewhere.
    mov     $0x11, %al
    out     %al, $0x20
    out     %al, $0xa0
    mov     $0x08, %al
    out     %al, $0x21
    mov     $0x70, %al
    out     %al, $0xa1
    mov     $4, %al
    out     %al, $0x21
    mov     $2, %al
    out     %al, $0xa1
    mov     $1, %al
    out     %al, $0x21
    out     %al, $0xa1
    mov     $0xb8, %al          # timer, keyboard, the second controller, floppy disk
    out     %al, $0x21
    mov     $0x8f, %al          # mouse, coprocessor, disk
    out     %al, $0xa1
    # And a clock that ticks 18.2 times a second; Linux stops it.
    mov     $0x36, %al
    out     %al, $0x43
    xor     %al, %al
    out     %al, $0x40
    out     %al, $0x40
    mov     %ebp, %eax
    shr     $4, %eax
    mov     %ax, real_segment - start(%ebp)
    mov     %ebp, %eax
    mov     %ax, gdt + 0x22 - start(%ebp)
    shr     $16, %eax
    mov     %al, gdt + 0x24 - start(%ebp)
    ljmp    $0x20, $(shortened - start)

    .code16
shortened:                      # protected mode with the limits of real mode
    mov     $0x28, %ax
    mov     %ax, %ds
    mov     %ax, %es
    mov     %ax, %fs
    mov     %ax, %gs
    mov     %ax, %ss
    lidtl   %cs:interrupt_table - start
    mov     $0x10, %eax
    mov     %eax, %cr0
    ljmpw   *%cs:real_address - start
real:
    mov     %cs, %ax
    mov     %ax, %ss
    mov     $0x1000, %sp
    xor     %ax, %ax
    mov     %ax, %ds
    mov     %ax, %es
    mov     $3, %ax             # text: a driver of Linux may have left a picture on the screen
    int     $0x10
    cli
    cld
    mov     %cs:parameters - start, %ax
    mov     %ax, %ds
    mov     %ax, %es
    mov     %ax, %fs
    mov     %ax, %gs
    mov     %cs:value_a - start, %bx
    mov     %cs:entry - start, %ecx
    mov     %ax, %ss
    mov     %bx, %sp
    pushl   %ecx
    xor     %eax, %eax
    xor     %ebx, %ebx
    xor     %ecx, %ecx
    xor     %edx, %edx
    lretw
