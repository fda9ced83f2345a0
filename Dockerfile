# The server as an image: console, API and agents on one port. It needs a PostgreSQL (DATABASE_URL), and a Redis (REDIS_URL) where several
# share the work. `npm test` lays these files out and runs this command in this environment; no image of it has been built.
FROM node:24-bookworm-slim AS build
WORKDIR /opt/lockstep
COPY . .
RUN npm run build

FROM node:24-bookworm-slim
WORKDIR /opt/lockstep
ENV NODE_ENV=production \
    PORT=4600 \
    LOCKSTEP_HOST=0.0.0.0 \
    LOCKSTEP_DATA_DIR=/data
COPY --from=build /opt/lockstep/package.json ./package.json
COPY --from=build /opt/lockstep/node_modules ./node_modules
COPY --from=build /opt/lockstep/prisma/migrations ./prisma/migrations
COPY --from=build /opt/lockstep/packages/core ./packages/core
COPY --from=build /opt/lockstep/apps/server ./apps/server
COPY --from=build /opt/lockstep/apps/web/dist ./apps/web/dist
# order-key.pem is made here at the first start: keep the volume, agents obey no other key.
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node
EXPOSE 4600
# The console goes on without a queue and says so on every page; whoever balances between servers may ask /healthz instead.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["node", "-e", "fetch('http://127.0.0.1:4600/readyz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "apps/server/dist/main.js"]
