/*
 * Six Modbus slaves of libmodbus on one line: a cabinet board at address 1 and five weight transmitters at 11 to 15, laid
 * out as docs/reference/hardware.md and the published transmitter say. Not a line of our own protocol code is in it.
 *
 * A pseudo-terminal is one wire with two ends; a bus has many. So each slave has a terminal of its own, and a relay lets
 * everybody hear everybody else, as on two wires: libmodbus waits for the answers of others before it listens again.
 *
 * Prints {"ready":true,"path":"/dev/pts/N"}; takes lines "door 0|1", "weight UNIT GRAMS" and "show"; ends with its input.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <modbus/modbus.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define SLAVES 6
#define REGISTERS 100
static const int ADDRESS[SLAVES] = {1, 11, 12, 13, 14, 15};

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static modbus_mapping_t *map[SLAVES];
static int grams[SLAVES], tare[SLAVES];
static int masterFd, slaveFd[SLAVES];

static int openEnd(char *name, size_t size) {
  int fd = posix_openpt(O_RDWR | O_NOCTTY);
  if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0 || ptsname_r(fd, name, size) != 0) {
    perror("pseudo-terminal");
    exit(1);
  }
  struct termios raw;
  tcgetattr(fd, &raw);
  cfmakeraw(&raw);
  tcsetattr(fd, TCSANOW, &raw);
  return fd;
}

static void put32(uint16_t *registers, int at, int value) {
  registers[at] = (uint16_t)((uint32_t)value >> 16);
  registers[at + 1] = (uint16_t)((uint32_t)value & 0xffff);
}

/* What the device does beside answering; called with the guard held. */
static void live(int index) {
  uint16_t *r = map[index]->tab_registers;
  if (index == 0) {
    if (r[10] == 1) r[11] = 1, r[12] = 0;
    if (r[10] == 2) r[11] = 0, r[12] = r[13] ? 0 : 1;
    return;
  }
  if (r[84] == 0x7fff && r[85] == 0xffff && r[5] == 0x5aa5) tare[index] = grams[index], r[5] = 0;
  /* A conversion is never the same twice. */
  int gross = grams[index] + rand() % 3 - 1;
  put32(r, 80, gross);
  put32(r, 82, gross - tare[index]);
  if (r[84] != 0x7fff) put32(r, 84, tare[index]);
}

static void *serve(void *argument) {
  int index = (int)(intptr_t)argument;
  char name[64];
  slaveFd[index] = openEnd(name, sizeof name);
  modbus_t *slave = modbus_new_rtu(name, 115200, 'N', 8, 1);
  if (slave == NULL || modbus_set_slave(slave, ADDRESS[index]) != 0 || modbus_connect(slave) != 0) {
    fprintf(stderr, "libmodbus: %s\n", modbus_strerror(errno));
    exit(1);
  }
  uint8_t query[MODBUS_RTU_MAX_ADU_LENGTH];
  for (;;) {
    int length = modbus_receive(slave, query);
    if (length <= 0) {
      if (length < 0) modbus_flush(slave);
      continue;
    }
    pthread_mutex_lock(&guard);
    live(index);
    modbus_reply(slave, query, length, map[index]);
    live(index);
    pthread_mutex_unlock(&guard);
  }
}

static void *relay(void *unused) {
  (void)unused;
  struct pollfd ends[SLAVES + 1];
  for (;;) {
    for (int i = 0; i < SLAVES; i++) ends[i] = (struct pollfd){.fd = slaveFd[i], .events = POLLIN};
    ends[SLAVES] = (struct pollfd){.fd = masterFd, .events = POLLIN};
    poll(ends, SLAVES + 1, 100);
    uint8_t bytes[512];
    if (ends[SLAVES].revents & POLLIN) {
      ssize_t count = read(masterFd, bytes, sizeof bytes);
      for (int i = 0; count > 0 && i < SLAVES; i++)
        if (write(slaveFd[i], bytes, (size_t)count) < 0) perror("relay");
    } else if (ends[SLAVES].revents & POLLHUP) {
      usleep(5000); /* nobody has the far end open */
    }
    for (int i = 0; i < SLAVES; i++)
      if (ends[i].revents & POLLIN) {
        ssize_t count = read(slaveFd[i], bytes, sizeof bytes);
        if (count > 0 && write(masterFd, bytes, (size_t)count) < 0) perror("relay");
        for (int other = 0; count > 0 && other < SLAVES; other++)
          if (other != i && write(slaveFd[other], bytes, (size_t)count) < 0) perror("relay");
      }
  }
  return NULL;
}

int main(void) {
  char name[64];
  masterFd = openEnd(name, sizeof name);
  for (int i = 0; i < SLAVES; i++) {
    map[i] = modbus_mapping_new(0, 0, REGISTERS, 0);
    grams[i] = 3000;
  }
  uint16_t *board = map[0]->tab_registers;
  board[0] = 0x5643, board[1] = 1, board[3] = 1, board[12] = 1, board[30] = 1;
  board[20] = 38, board[21] = (uint16_t)-40, board[22] = 40, board[24] = 120;
  pthread_t thread;
  for (int i = 0; i < SLAVES; i++) pthread_create(&thread, NULL, serve, (void *)(intptr_t)i);
  usleep(200000);
  pthread_create(&thread, NULL, relay, NULL);
  printf("{\"ready\":true,\"path\":\"%s\"}\n", name);
  fflush(stdout);

  char line[128];
  while (fgets(line, sizeof line, stdin) != NULL) {
    int unit, value;
    pthread_mutex_lock(&guard);
    if (sscanf(line, "door %d", &value) == 1) board[13] = (uint16_t)value;
    if (sscanf(line, "weight %d %d", &unit, &value) == 2)
      for (int i = 1; i < SLAVES; i++)
        if (ADDRESS[i] == unit) grams[i] = value;
    if (strncmp(line, "show", 4) == 0) {
      printf("{\"lock\":%d,\"bolt\":%d,\"setpoint\":%d,\"tare\":%d}\n", board[11], board[12], board[22], tare[1]);
      fflush(stdout);
    }
    pthread_mutex_unlock(&guard);
  }
  return 0;
}
